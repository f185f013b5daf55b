import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import type { Session } from "../client/types.ts";
import { CliError } from "../errors.ts";
import { follow } from "./actor.ts";
import type { FixerFacts } from "./fixer.ts";
import type { StoryFacts } from "./invariants.ts";
import type { Narrator } from "./narrator.ts";
import { now } from "./processes.ts";
import { makeRepository } from "./repository.ts";
import type { ShipperFacts } from "./shipper.ts";
import type { Stage } from "./stage.ts";

const SHIPPER = "harbor-lynx";
const FIXER = "quiet-otter";

export interface StoryOutcome {
  readonly facts: StoryFacts;
  readonly artifact: string;
  /** From the ack's time in the log to the end of the `coord wait` that it woke, in milliseconds. */
  readonly wake_ms: number;
  /** From the ack's time to the end of the `coord complete` that wrote it. */
  readonly complete_ms: number;
}

/** How long the releasing agent may take to get its wait in place. */
const IN_PLACE_MS = 30_000;

/** The release story: two processes that know of each other only by the board. The second starts once the first one waits. */
export async function playStory(stage: Stage, board: Session, narrate: Narrator): Promise<StoryOutcome> {
  await makeRepository(stage.repository, stage.environment(FIXER));
  const { repository, scratch } = stage;
  const shipping = follow(stage.start({ part: "ship", handle: SHIPPER, repository, scratch }), (at, text) =>
    narrate.tell(at, SHIPPER, text),
  );
  // Whoever fails first is reported; the other's failure, which follows from it, must not count as nobody's.
  shipping.catch(() => {});
  await Promise.race([waiterInPlace(board), shipping]);
  narrate.tell(now(), SHIPPER, "blocks: nothing to do until somebody says so");
  const fixing = follow(stage.start({ part: "fix", handle: FIXER, repository }), (at, text) => narrate.tell(at, FIXER, text));
  const [shipped, fixed] = (await Promise.all([shipping, fixing])) as unknown as [ShipperFacts, FixerFacts];

  const { events } = await board.call("events/list", { filter: { type: "task.created", ids: [shipped.wokenBy] } });
  const written = events[0] ? Date.parse(events[0].at) : Number.NaN;
  return {
    facts: {
      redBefore: fixed.redBefore,
      greenAfter: fixed.greenAfter,
      bug: fixed.bug,
      release: shipped.release,
      fixer: FIXER,
      shipper: SHIPPER,
      wokenBy: shipped.wokenBy,
      committed: fixed.committed,
      readFromAck: shipped.readFromAck,
      verified: shipped.verified,
      recordedDigest: shipped.recordedDigest,
      artifactDigest: existsSync(shipped.artifact) ? createHash("sha256").update(readFileSync(shipped.artifact)).digest("hex") : "",
    },
    artifact: shipped.artifact,
    wake_ms: shipped.wokenAt - written,
    complete_ms: fixed.completedAt - written,
  };
}

/** Resolves when the server holds a wait: only then does the story show a wake-up, and not a look at what is there already. */
async function waiterInPlace(board: Session): Promise<void> {
  for (const deadline = now() + IN_PLACE_MS; now() < deadline; ) {
    if ((await board.call("workspace/info", {})).waiters > 0) return;
    await new Promise((resume) => setTimeout(resume, 25));
  }
  throw new CliError(`no wait was in place within ${IN_PLACE_MS / 1000} s`, { next: "look at what is left: coord demo --keep" });
}
