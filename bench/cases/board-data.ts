import { type Params, Session } from "../harness/session.ts";

/** How many jobs are held on every board, whatever its size: the oldest ones, so that a walk from the newest end finds them last. */
const HELD = 10;
/** How many tasks on every board are named after a zebra. */
export const ZEBRAS = 5;
const BATCH = 100;
const IN_FLIGHT = 4;

const NOUNS = ["invoice", "login page", "release notes", "parser", "cache", "search index", "mobile menu", "nightly build"] as const;
const VERBS = ["Mend", "Extend", "Rename", "Measure", "Document"] as const;

/**
 * The task at a place on a board of `size`: half announcements, half jobs. What the questions ask for is there in the same number on
 * every board where few match, and in proportion to the board where many do.
 */
export function taskAt(at: number, size: number): Params {
  const every = size / ZEBRAS;
  const zebra = at % every === Math.floor(every / 2) + 1;
  const job = zebra || at % 2 === 1;
  const noun = NOUNS[at % NOUNS.length]!;
  return {
    name: `${VERBS[at % VERBS.length]} the ${noun}${zebra ? " of the zebra" : ""}, part ${at}`,
    kind: job ? (at % 4 === 1 ? "bug" : "task") : "ack",
    // the last in the queue, so that `tasks/next` has to look behind all others
    priority: zebra ? "low" : at % 10 === 1 ? "high" : "normal",
    labels: [...(zebra ? ["zebra"] : []), ...(at % 3 === 0 ? ["backend"] : [])],
    description: `What to do about the ${noun} is written here, in about as many words as people take for it.`,
    agent_id: `poster-${at % 8}`,
  };
}

export interface Board {
  readonly session: Session;
  readonly size: number;
  /** Ids of jobs that are pending, oldest first. */
  readonly jobs: readonly string[];
}

/** Fills a workspace through its own front door. */
export async function fillBoard(url: string, workspace: string, size: number): Promise<Board> {
  const session = await Session.open(url, workspace);
  const ids: string[] = [];
  while (ids.length < size) {
    const batches = Array.from({ length: Math.min(IN_FLIGHT, Math.ceil((size - ids.length) / BATCH)) }, (_, batch) => {
      const from = ids.length + batch * BATCH;
      return session.batch<{ id: string }>(
        "tasks/send",
        Array.from({ length: Math.min(BATCH, size - from) }, (_, at) => taskAt(from + at, size)),
      );
    });
    for (const tasks of await Promise.all(batches)) for (const { id } of tasks) ids.push(id);
  }
  const jobs = ids.filter((_, at) => at < 100 && taskAt(at, size).kind !== "ack" && taskAt(at, size).priority !== "low");
  for (const id of jobs.slice(0, HELD)) await session.call("tasks/claim", { id, agent_id: "holder", lease_seconds: 3600 });
  return { session, size, jobs: jobs.slice(HELD) };
}
