import type { Event, EventType } from "../../protocol/events.ts";
import type { Result } from "../../protocol/methods.ts";
import type { Attempt, Review } from "../../protocol/records.ts";
import { openRequests } from "./approval.ts";
import { bodyLines, indented } from "./notes.ts";
import type { TableSpace } from "./table.ts";
import { taskTitle } from "./tasks.ts";
import { paint } from "./terminal.ts";
import { clean, fit } from "./text.ts";

export type Story = Result<"tasks/history">;

/** What the log's lines about a task carry, as far as the story needs it. */
interface Data {
  readonly task?: {
    readonly number: number;
    readonly name: string;
    readonly attempt: number;
    readonly kind: string;
    readonly priority: string;
  };
  readonly reason?: string | null;
  readonly changed?: string[];
  readonly lease_until?: string | null;
  readonly claim_id?: string | null;
  readonly review_id?: string;
  readonly note_id?: string;
  readonly result?: unknown;
  readonly from?: string;
}

interface Telling {
  readonly event: Event;
  readonly data: Data;
  readonly who: string;
  readonly story: Story;
  readonly space: TableSpace;
}

const INDENT = " ".repeat(10);
const OUTCOMES: Record<NonNullable<Attempt["outcome"]>, string> = {
  completed: "completed",
  submitted: "handed in",
  approved: "approved",
  changes_requested: "changes requested",
  failed: "failed",
  cancelled: "cancelled",
  abandoned: "abandoned",
};

/**
 * The story of a task in order: what happened, who did it, and what was said and handed in at that moment, under the attempt to
 * which it belongs. Every line is as wide as the space at most.
 */
export function storyLines(story: Story, space: TableSpace): string[] {
  const lines: string[] = [];
  let attempt = 0;
  let day = "";
  const last = story.events.at(-1)?.data as Data | undefined;
  if (last?.task) lines.push(paint(taskTitle(last.task, space.columns), "bold", space.colour));
  const days = new Set(story.events.map(({ at }) => dayOf(at)));
  for (const event of story.events) {
    const data = event.data as Data;
    if (data.task && data.task.attempt > attempt) {
      attempt = data.task.attempt;
      lines.push("", paint(fit(attemptTitle(attempt, story.attempts), space.columns), "bold", space.colour));
    }
    if (days.size > 1 && dayOf(event.at) !== day) {
      day = dayOf(event.at);
      lines.push(paint(day, "dim", space.colour));
    }
    const telling: Telling = { event, data, who: event.agent_id ?? "somebody", story, space };
    const [said, ...more] = TOLD[event.type](telling);
    if (said !== undefined) lines.push(fit(`${clock(event.at)}  ${clean(said)}`, space.columns), ...more);
  }
  for (const { reviewer, review_id } of openRequests(story.reviews)) {
    lines.push("", fit(`${clean(reviewer)}'s request for changes is open; an owner sets it aside with:`, space.columns));
    lines.push(`  coord dismiss ${review_id} --reason WHY`);
  }
  return lines;
}

/** One telling for each kind of event: its line, and whole lines below it. A kind that is added does not compile until it is told. */
const TOLD: Record<EventType, (telling: Telling) => string[]> = {
  "task.created": ({ event, data }) => [
    `posted${event.agent_id ? ` by ${event.agent_id}` : ""}${data.task ? `: ${data.task.kind}, ${data.task.priority} priority` : ""}`,
  ],
  "task.updated": ({ event, data }) => [`${event.agent_id ?? "somebody"} changed ${(data.changed ?? []).join(", ")}`],
  "task.ready": ({ event, data }) => [`${data.from === "failed" ? "opened again" : "made ready"}${by(event)}`],
  "task.held": ({ event }) => [`put into the backlog${by(event)}`],
  "task.unblocked": () => ["nothing holds it any more"],
  "task.claimed": ({ who, data }) => [`${who} claimed it${data.lease_until ? "" : ", without a deadline"}`],
  "task.released": ({ who, data }) => [`${who} gave it back${because(data)}`],
  "task.lapsed": ({ who }) => [`${who}'s lease lapsed`],
  "task.completed": (telling) => [telling.event.agent_id ? `${telling.who} completed it` : "completed", ...handedIn(telling)],
  "task.submitted": (telling) => [`${telling.who} handed it in`, ...handedIn(telling)],
  "task.failed": ({ who, data }) => [`${who} gave up${because(data)}`],
  "task.cancelled": ({ event, data }) => [`cancelled${by(event)}${because(data)}`],
  "task.late_result": ({ event, data, space }) => [
    `a result${by(event)} came after its claim had ended; it is kept here:`,
    fit(`${INDENT}${clean(JSON.stringify(data.result ?? null))}`, space.columns),
  ],
  "review.decided": ({ who, data, story, space }) => {
    const review = story.reviews.find(({ review_id }) => review_id === data.review_id);
    if (!review) return [`${who} reviewed it`];
    return [`${who} ${DECIDED[review.decision]}`, ...(review.body === null ? [] : indented(review.body, space, INDENT))];
  },
  "review.dismissed": ({ who, data, story }) => {
    const review = story.reviews.find(({ review_id }) => review_id === data.review_id);
    return [`${who} set ${review ? `${review.reviewer}'s` : "a"} request for changes aside${because(data)}`];
  },
  "note.added": ({ who, data, story, space }) => {
    const note = story.notes.find(({ note_id }) => note_id === data.note_id);
    return [`${who}:`, ...(note ? bodyLines(note, { ...space, columns: space.columns - 8 }).map((line) => `        ${line}`) : [])];
  },
  "note.retracted": ({ event, data }) => [`a note was retracted${by(event)}${because(data)}`],
  "note.purged": ({ event, data }) => [`a note was purged${by(event)}${because(data)}`],
  "dependency.added": ({ event }) => [`a dependency was added${by(event)}: ${shortId(event)}`],
  "dependency.removed": ({ event }) => [`a dependency was taken away${by(event)}: ${shortId(event)}`],
  "agent.seen": () => [],
};

const DECIDED: Record<Review["decision"], string> = {
  approve: "approved it",
  request_changes: "asked for changes",
  comment: "remarked",
};

function attemptTitle(number: number, attempts: readonly Attempt[]): string {
  const attempt = attempts.find((one) => one.number === number);
  const why = attempt?.trigger === "changes_requested" ? ", after a request for changes" : attempt?.trigger === "retry" ? ", a retry" : "";
  return `attempt ${number}${why}: ${attempt?.outcome ? OUTCOMES[attempt.outcome] : "under way"}`;
}

/** The attempt's own words and its result, where its work was handed in; an approval that completes it repeats nothing. */
function handedIn({ data, story, space }: Telling): string[] {
  const attempt = story.attempts.find(({ number }) => number === data.task?.attempt);
  if (!attempt || !data.claim_id) return [];
  const { summary, result } = attempt;
  return [
    ...(summary ? indented(summary, space, INDENT) : []),
    ...(result === null || result === undefined ? [] : [fit(`${INDENT}result ${clean(JSON.stringify(result))}`, space.columns)]),
  ];
}

function by({ agent_id }: Event): string {
  return agent_id ? ` by ${agent_id}` : "";
}

function because({ reason }: Data): string {
  return reason ? `: ${reason}` : "";
}

function shortId({ data }: Event): string {
  return String(data.on ?? "").slice(0, 8);
}

function clock(at: string): string {
  return new Date(at).toTimeString().slice(0, 8);
}

/** The day by this machine's calendar. */
function dayOf(at: string): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
}
