import type { Event } from "../../protocol/index.ts";

/** One promise that the demo held the server to, and what was found. */
export interface Invariant {
  readonly name: string;
  readonly held: boolean;
  readonly detail: string;
}

/** What the race was about, from outside the log: what was posted, who was killed, what the processes were told. */
export interface RaceFacts {
  readonly jobs: readonly string[];
  /** The process that was killed, and the job that it held. */
  readonly killed: { readonly agent: string; readonly job: string } | null;
  /** Completions that the server confirmed to a process, by that process's own account. */
  readonly confirmed: readonly { readonly agent: string; readonly job: string }[];
}

/** What the release story came to, from outside the log. */
export interface StoryFacts {
  readonly redBefore: boolean;
  readonly greenAfter: boolean;
  /** The bug's task and the release's. */
  readonly bug: string;
  readonly release: string;
  readonly fixer: string;
  readonly shipper: string;
  /** The ack that the shipper's wait answered with. */
  readonly wokenBy: string;
  /** What the fixer committed, and what the shipper read from the ack alone. */
  readonly committed: string;
  readonly readFromAck: string;
  readonly verified: boolean;
  /** SHA-256 of the artifact as the release's result has it, and of the file as it lies there. */
  readonly recordedDigest: string;
  readonly artifactDigest: string;
}

/** The log has every line from 1 to its head, once and in order. */
export function checkLog(events: readonly Event[], head: number): Invariant {
  const gap = events.findIndex((event, index) => event.seq !== index + 1);
  const held = gap === -1 && events.length === head;
  const detail = held
    ? `${head} events, numbered 1 to ${head}`
    : gap === -1
      ? `${events.length} events were read, the head is ${head}`
      : `event ${gap + 1} has the number ${events[gap]!.seq}`;
  return { name: "the log has no gap", held, detail };
}

/** Replays the log of the race's jobs and holds it against what the processes say. */
export function checkRace(events: readonly Event[], facts: RaceFacts): Invariant[] {
  const story = replay(events, new Set(facts.jobs));
  const completions = [...story.completedBy.values()].flat();
  const once = facts.jobs.filter((job) => story.completedBy.get(job)?.length === 1);
  const { killed } = facts;
  const finisher = killed ? story.completedBy.get(killed.job)?.[0] : undefined;
  const lapsed = killed !== null && story.lapses.some((lapse) => lapse.job === killed.job && lapse.agent === killed.agent);
  const told = facts.confirmed.filter(({ job, agent }) => story.completedBy.get(job)?.includes(agent));
  return [
    {
      name: "every job was completed exactly once",
      held: facts.jobs.length > 0 && once.length === facts.jobs.length && completions.length === facts.jobs.length,
      detail: `${once.length} of ${facts.jobs.length} jobs, ${completions.length} completions`,
    },
    {
      name: "no job ever had two holders",
      held: story.violations.length === 0,
      detail: story.violations[0] ?? `${story.claims} claims, one after the other`,
    },
    {
      name: "the killed process's lease lapsed",
      held: lapsed,
      detail: killed === null ? "no process was killed while it held a job" : `${story.lapses.length} lapsed in all`,
    },
    {
      name: "another process finished its job",
      held: killed !== null && finisher !== undefined && finisher !== killed.agent,
      detail: finisher === undefined ? "nobody did" : `${finisher} did`,
    },
    {
      name: "the log has what each process was told",
      held: told.length === facts.confirmed.length && facts.confirmed.length === completions.length,
      detail: `${facts.confirmed.length} confirmed, ${completions.length} in the log`,
    },
  ];
}

export function checkStory(events: readonly Event[], facts: StoryFacts): Invariant[] {
  const completed = events.find((event) => event.type === "task.completed" && event.task_id === facts.bug);
  const ackId = completed?.data.ack_id;
  const ack = events.find((event) => event.type === "task.created" && event.task_id === ackId);
  const shipped = events.find((event) => event.type === "task.completed" && event.task_id === facts.release);
  const together = completed !== undefined && ack !== undefined && Math.abs(completed.seq - ack.seq) === 1 && completed.at === ack.at;
  const holds = (task: string, agent: string) =>
    events.some((event) => event.type === "task.claimed" && event.task_id === task && event.agent_id === agent);
  return [
    { name: "the test was red before the fix and green after it", held: facts.redBefore && facts.greenAfter, detail: colours(facts) },
    {
      name: "each job was claimed by who did it",
      held: holds(facts.bug, facts.fixer) && holds(facts.release, facts.shipper),
      detail: `${facts.fixer}, ${facts.shipper}`,
    },
    {
      name: "the fix and its ack were written together",
      held: together,
      detail: together
        ? `events ${Math.min(completed.seq, ack.seq)} and ${Math.max(completed.seq, ack.seq)}`
        : "they are not neighbours in the log",
    },
    {
      name: "that ack is what ended the wait",
      held: typeof ackId === "string" && facts.wokenBy === ackId,
      detail: facts.wokenBy.slice(0, 8) || "nothing ended it",
    },
    {
      name: "the commit in the ack is the fix, and passes the test",
      held: /^[0-9a-f]{40,64}$/.test(facts.committed) && facts.committed === facts.readFromAck && facts.verified,
      detail: facts.readFromAck.slice(0, 12) || "the ack had none",
    },
    {
      name: "it shipped then, and the artifact is the one recorded",
      held:
        shipped !== undefined &&
        completed !== undefined &&
        shipped.seq > completed.seq &&
        /^[0-9a-f]{64}$/.test(facts.artifactDigest) &&
        facts.artifactDigest === facts.recordedDigest,
      detail: facts.artifactDigest.slice(0, 12) || "there is none",
    },
  ];
}

function colours(facts: StoryFacts): string {
  return `${facts.redBefore ? "red" : "green"}, then ${facts.greenAfter ? "green" : "red"}`;
}

interface Replay {
  readonly completedBy: Map<string, string[]>;
  readonly lapses: { job: string; agent: string }[];
  readonly violations: string[];
  readonly claims: number;
}

/** Who held which job when, by the log: a claim only on a free job, an end only of the claim that holds. */
function replay(events: readonly Event[], jobs: ReadonlySet<string>): Replay {
  const holder = new Map<string, { claim: unknown; agent: string }>();
  const completedBy = new Map<string, string[]>();
  const lapses: { job: string; agent: string }[] = [];
  const violations: string[] = [];
  let claims = 0;

  for (const event of events) {
    const job = event.task_id;
    if (job === undefined || !jobs.has(job)) continue;
    const now = holder.get(job);
    const agent = event.agent_id ?? "nobody";
    switch (event.type) {
      case "task.claimed":
        claims++;
        if (now) violations.push(`event ${event.seq}: ${agent} claimed what ${now.agent} held`);
        if (completedBy.has(job)) violations.push(`event ${event.seq}: ${agent} claimed a completed job`);
        holder.set(job, { claim: event.data.claim_id, agent });
        break;
      case "task.completed":
        completedBy.set(job, [...(completedBy.get(job) ?? []), now?.agent ?? agent]);
        endClaim(event, job, now);
        break;
      case "task.lapsed":
        lapses.push({ job, agent: now?.agent ?? agent });
        endClaim(event, job, now);
        break;
      case "task.released":
      case "task.failed":
      case "task.cancelled":
        endClaim(event, job, now);
        break;
      default:
        break;
    }
  }
  return { completedBy, lapses, violations, claims };

  function endClaim(event: Event, job: string, now: { claim: unknown; agent: string } | undefined): void {
    if (!now || now.claim !== event.data.claim_id) violations.push(`event ${event.seq}: ${event.type} ended a claim that did not hold`);
    holder.delete(job);
  }
}
