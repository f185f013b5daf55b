import { once } from "node:events";
import { openSession } from "../client/session.ts";
import type { Target } from "../client/types.ts";
import { CliError } from "../errors.ts";

export interface RacePart {
  readonly part: "race";
  readonly handle: string;
  readonly target: Target;
  readonly kind: string;
  readonly lease_seconds: number;
  /** Falls silent with the first job it gets, as a process does that hangs: so that it can be killed while it holds one. */
  readonly stalls: boolean;
}

/** What a racing process tells its parent, a line of JSON each. */
export type RaceLine =
  | { is: "ready" }
  | { is: "claimed"; job: string; number: number }
  | { is: "completed"; job: string }
  /** Its claim had ended when the result came: the job was somebody else's by then. */
  | { is: "refused"; job: string; reason: string };

/** A wait in line that ends by itself now and then, so that a lost answer could not hold the process for ever. */
const LINE_MS = 30_000;

/**
 * One of the racing processes: connects, says that it is ready, waits for the start (a line on `input`), then takes the next
 * job, does it and completes it, until `input` ends.
 */
export async function race(part: RacePart, input: NodeJS.ReadableStream, write: (line: string) => void): Promise<void> {
  const tell = (line: RaceLine) => write(`${JSON.stringify(line)}\n`);
  const over = new AbortController();
  input.once("end", () => over.abort());
  const session = await openSession(part.target, { autostart: false });
  try {
    tell({ is: "ready" });
    await once(input, "data", { signal: over.signal });
    input.resume();
    for (;;) {
      const job = await session.call(
        "tasks/next",
        { agent_id: part.handle, filter: { kind: part.kind }, lease_seconds: part.lease_seconds, wait_ms: LINE_MS },
        { signal: over.signal },
      );
      if (!job?.claim) continue;
      tell({ is: "claimed", job: job.id, number: job.number });
      if (part.stalls) await once(over.signal, "abort");
      const { work_ms } = job.payload as { work_ms: number };
      await new Promise((done) => setTimeout(done, work_ms));
      try {
        await session.call("tasks/complete", {
          id: job.id,
          agent_id: part.handle,
          claim_id: job.claim.claim_id,
          result: { by: part.handle },
        });
        tell({ is: "completed", job: job.id });
      } catch (error) {
        if (!(error instanceof CliError) || error.data.code !== "conflict") throw error;
        tell({ is: "refused", job: job.id, reason: String(error.data.reason) });
      }
    }
  } catch (error) {
    if (!over.signal.aborted) throw error;
  } finally {
    await session.close();
  }
}
