import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Task } from "../../protocol/index.ts";
import type { Actor } from "./actor.ts";
import { STABLE } from "./fixer.ts";

/** What the releasing agent reports of its part. */
export interface ShipperFacts {
  readonly release: string;
  readonly wokenBy: string;
  /** When `coord wait` had ended, in milliseconds since 1970. */
  readonly wokenAt: number;
  readonly readFromAck: string;
  readonly verified: boolean;
  readonly artifact: string;
  readonly recordedDigest: string;
}

/**
 * Takes the release, blocks until the fix is announced, verifies the commit from the ack alone in a work tree of its own,
 * builds the artifact from exactly that commit, and completes with the artifact's digest.
 */
export async function ship(actor: Actor, repository: string, scratch: string): Promise<ShipperFacts> {
  const release = await actor.coord<Task>("send", "ship v1.2", "--kind", "build");
  actor.say(`posted as #${release.value.number}`);
  await actor.coord<Task>("claim", String(release.value.number), "--lease", "120");
  const woken = await actor.coord<Task>("wait", "--kind", "ack", "--name-contains", STABLE, "--timeout", "60");
  const ack = woken.value;
  const { commit } = (ack.payload ?? {}) as { commit?: unknown };
  const named = typeof commit === "string" && /^[0-9a-f]{40,64}$/.test(commit) ? commit : "";
  actor.say(`woken by "${ack.name}", which names ${named.slice(0, 12) || "no commit"}`);
  if (named === "") throw new Error("the ack carries no commit, so there is nothing to verify");

  const isCommit = (await actor.git(repository, "cat-file", "-t", named)) === "commit";
  const tree = join(scratch, "verify");
  await actor.git(repository, "worktree", "add", "--quiet", "--detach", relative(repository, tree), named);
  const outcome = await actor.test(tree);

  const artifact = join(scratch, "shop-1.2.tar");
  await actor.git(repository, "archive", "--format=tar", "--prefix=shop-1.2/", `--output=${relative(repository, artifact)}`, named);
  const digest = createHash("sha256").update(readFileSync(artifact)).digest("hex");
  const result = { artifact: "shop-1.2.tar", sha256: digest, commit: named };
  const done = await actor.coord<{ task: Task }>(
    "complete",
    String(release.value.number),
    "--result",
    JSON.stringify(result),
    "--ack",
    "v1.2 shipped",
  );
  const recorded = (done.value.task.result ?? {}) as { sha256?: unknown };
  return {
    release: release.value.id,
    wokenBy: ack.id,
    wokenAt: woken.ended,
    readFromAck: named,
    verified: isCommit && outcome.green,
    artifact,
    recordedDigest: typeof recorded.sha256 === "string" ? recorded.sha256 : "",
  };
}
