import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Task } from "../../protocol/index.ts";
import type { Actor } from "./actor.ts";
import { BUG, FIX } from "./repository.ts";

/** The name under which the fix is announced, and under which the release waits for it. */
export const STABLE = "v1.1 stable";

/** What the fixing agent reports of its part. */
export interface FixerFacts {
  readonly bug: string;
  readonly redBefore: boolean;
  readonly greenAfter: boolean;
  readonly committed: string;
  readonly ackId: string;
  /** When `coord complete` had ended, in milliseconds since 1970. */
  readonly completedAt: number;
}

/** Finds the test red, posts the bug, claims it, fixes it, commits, sees the test green, completes with an ack that carries the commit. */
export async function fix(actor: Actor, repository: string): Promise<FixerFacts> {
  const before = await actor.test(repository);
  const bug = await actor.coord<Task>("send", BUG, "--kind", "bug", "--priority", "high");
  actor.say(`posted as #${bug.value.number}`);
  await actor.coord<Task>("claim", String(bug.value.number));
  actor.say(`edits ${FIX.file}`);
  writeFileSync(join(repository, FIX.file), FIX.text);
  const after = await actor.test(repository);
  await actor.git(repository, "commit", "--quiet", "--all", "--message", "Compare versions by their numbers");
  const committed = await actor.git(repository, "rev-parse", "HEAD");
  const done = await actor.coord<{ ack: Task | null }>(
    "complete",
    String(bug.value.number),
    "--ack",
    STABLE,
    "--ack-payload",
    JSON.stringify({ commit: committed, test: "node --test" }),
  );
  return {
    bug: bug.value.id,
    redBefore: !before.green,
    greenAfter: after.green,
    committed,
    ackId: done.value.ack?.id ?? "",
    completedAt: done.ended,
  };
}
