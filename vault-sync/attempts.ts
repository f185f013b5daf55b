import type { Entry } from "./entry.ts";

/** One round of work on a task, as the log tells it. */
export interface ToldAttempt {
  readonly number: number;
  /** Why there is one after the first. */
  readonly after: "first" | "a request for changes" | "a retry";
  /** Who held it, in order; more than one where a lease lapsed or somebody gave it back. */
  readonly agents: readonly string[];
  readonly began: string;
  readonly ended: string | null;
  readonly outcome: string;
  /** Why it was given up or called off. */
  readonly reason: string | null;
}

type Open = { -readonly [key in keyof ToldAttempt]: ToldAttempt[key] } & { agents: string[] };

const UNDER_WAY = "under way";

/** The attempts of a task from its own lines of the log, oldest first. */
export function attemptsOf(story: readonly Entry[]): ToldAttempt[] {
  const attempts: Open[] = [];
  const end = (entry: Entry, outcome: string) => {
    const last = attempts.at(-1);
    if (last?.outcome !== UNDER_WAY) return;
    Object.assign(last, { outcome, ended: entry.at, reason: typeof entry.say?.reason === "string" ? entry.say.reason : null });
  };
  for (const entry of story) {
    switch (entry.type) {
      case "task.claimed":
        claimed(entry, attempts);
        break;
      case "task.submitted":
        end(entry, "handed in");
        break;
      case "task.completed":
        // an approval ends nothing: the work was handed in before
        end(entry, "completed");
        break;
      case "task.failed":
        end(entry, "failed");
        break;
      case "task.cancelled":
        end(entry, "cancelled");
        break;
      case "review.decided":
        reviewed(entry, attempts);
        break;
      default:
    }
  }
  return attempts;
}

/** A claim opens the next attempt, or goes on with the one whose lease lapsed: the number in the line says which. */
function claimed(entry: Entry, attempts: Open[]): void {
  const last = attempts.at(-1);
  const number = entry.set?.attempt ?? last?.number ?? 1;
  const agent = entry.agent ?? "somebody";
  if (last?.number === number) {
    if (!last.agents.includes(agent)) last.agents.push(agent);
    return;
  }
  if (last?.outcome === UNDER_WAY) Object.assign(last, { outcome: "abandoned", ended: entry.at });
  const after = last === undefined ? "first" : last.outcome === "changes requested" ? "a request for changes" : "a retry";
  attempts.push({ number, after, agents: [agent], began: entry.at, ended: null, outcome: UNDER_WAY, reason: null });
}

function reviewed({ say }: Entry, attempts: Open[]): void {
  const attempt = attempts.find(({ number }) => number === say?.attempt);
  if (attempt && say?.decision === "approve") attempt.outcome = "approved";
  if (attempt && say?.decision === "request_changes") attempt.outcome = "changes requested";
}
