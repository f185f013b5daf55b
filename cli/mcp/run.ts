import { PassThrough } from "node:stream";
import { StdioServerTransport, serveStdio } from "@modelcontextprotocol/server/stdio";
import { batch } from "../client/batch.ts";
import { startSession } from "../client/session.ts";
import type { Target } from "../client/types.ts";
import { type Clock, deadline, systemClock } from "./clock.ts";
import { Desk } from "./desk.ts";
import { type HeldClaim, LeaseKeeper } from "./lease-keeper.ts";
import { Link, PATIENCE_MS } from "./link.ts";
import { mcpServer } from "./server.ts";
import { TOOLS } from "./tools/index.ts";

export interface McpOptions {
  readonly target: Target;
  /** Who the tools act as when a call names nobody. */
  readonly handle: string;
  /** The longest a call may block, in seconds; absent: by the host's name. */
  readonly maxWait?: number | undefined;
}

/** After standard input's end: how long calls that do not wait may still take, so that `… | coord mcp` is answered. */
const LAST_CALLS_MS = 1_000;
/** How long a server may take to answer for the waits that were given up: a job handed over at that moment goes back. */
const GIVE_BACK_MS = 150;

/**
 * Serves MCP on standard input and output until the host closes them or signals. Standard output is the protocol's alone:
 * whatever else is printed goes to standard error.
 */
export async function runMcp({ target, handle, maxWait }: McpOptions): Promise<void> {
  console.log = console.info = console.debug = console.error;
  const report = (bug: unknown): void => console.error("coord mcp:", bug);
  const clock = systemClock;
  const link = new Link(
    () => startSession(target, { giveUpMs: PATIENCE_MS }),
    (all, signal) => batch(target, "tasks/send", all, { signal }),
  );
  const keeper = new LeaseKeeper(clock, (claim) => extend(link, clock, claim));
  const desk = new Desk({ context: { link, keeper, clock, handle }, tools: TOOLS, maxWait, report });

  // The transport takes its input's end for the end of everything; it gets to see that only when what was asked is answered.
  const input = new PassThrough();
  process.stdin.pipe(input, { end: false });
  const transport = new StdioServerTransport(input, process.stdout);
  serveStdio(() => mcpServer(desk, TOOLS, handle), { transport, onerror: (error) => report(error.message) });

  await new Promise<void>((ended) => {
    process.stdin.once("end", ended);
    process.stdin.once("close", ended);
    process.stdin.once("error", () => ended());
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => ended());
    const closed = transport.onclose;
    transport.onclose = () => {
      closed?.();
      ended();
    };
  });

  // What came just before the end is still on its way through the streams to the desk.
  await new Promise((turn) => setImmediate(turn));
  desk.giveUpWaits();
  keeper.stop();
  await within(LAST_CALLS_MS, desk.settled());
  await within(GIVE_BACK_MS, link.settle());
  await link.close();
  input.end();
  // A socket whose peer does not close its side, or a host that never reads, must not keep this process.
  process.stdout.end(() => process.exit(0));
  setTimeout(() => process.exit(0), GIVE_BACK_MS);
}

/** Renews one lease. No answer in time is no refusal: the keeper asks again. */
async function extend(link: Link, clock: Clock, claim: HeldClaim): Promise<void> {
  const { task_id, agent_id, claim_id, lease_seconds } = claim;
  const late = deadline(clock, PATIENCE_MS);
  try {
    await link.call(
      agent_id,
      "tasks/extend",
      { id: task_id, agent_id, claim_id, lease_seconds: lease_seconds ?? undefined },
      { signal: late.signal },
    );
  } finally {
    late.clear();
  }
}

function within(ms: number, work: Promise<void>): Promise<void> {
  return Promise.race([work, new Promise<void>((resolve) => setTimeout(resolve, ms))]);
}
