import { PassThrough } from "node:stream";
import type { McpRequestContext, Server } from "@modelcontextprotocol/server";
import { StdioServerTransport, serveStdio } from "@modelcontextprotocol/server/stdio";
import { type Clock, deadline, systemClock } from "../../mcp/clock.ts";
import { Deliveries, type Delivery, GIVEN_UP } from "../../mcp/deliveries.ts";
import { Desk } from "../../mcp/desk.ts";
import { Refused, Unreachable } from "../../mcp/failures.ts";
import type { HeldClaim } from "../../mcp/holds.ts";
import { mcpServer } from "../../mcp/server.ts";
import { TOOLS } from "../../mcp/tools/index.ts";
import { batch } from "../client/batch.ts";
import { startSession } from "../client/session.ts";
import type { Target } from "../client/types.ts";
import { VERSION } from "../version.ts";
import { Follower } from "./follower.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { Link, PATIENCE_MS } from "./link.ts";

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
    () => follower.changed(),
  );
  const keeper = new LeaseKeeper(clock, (claim) => extend(link, clock, claim));
  const desk = new Desk({ context: { board: link, holds: keeper, clock, handle }, tools: TOOLS, maxWait, report });

  // The transport takes its input's end for the end of everything; it gets to see that only when what was asked is answered.
  const input = new PassThrough();
  process.stdin.pipe(input, { end: false });
  const transport = new StdioServerTransport(input, process.stdout);
  let server: Server | undefined;
  const deliveries = new Deliveries(clock);
  const untold = () => {}; // the host is gone: what it is not told is no loss
  const follower = new Follower(link, clock, {
    updated: (uri) => void server?.sendResourceUpdated({ uri }).catch(untold),
    listChanged: () => void server?.sendResourceListChanged().catch(untold),
  });
  const serve = ({ era }: McpRequestContext): Server => {
    if (era === "legacy") follower.legacy();
    server = mcpServer({
      desk,
      identity: { handle },
      version: VERSION,
      delivers: (requestId, delivery, mayBeDropped) => {
        if (mayBeDropped) deliveries.note(requestId, delivery);
      },
      tellsChanges: true,
      subscriptions: follower,
    });
    return server;
  };
  serveStdio(serve, {
    transport,
    // a message that is none is passed over; what was wrong with it fits a line
    onerror: (error) => report(error.message.replace(/\s+/g, " ").slice(0, 300)),
  });

  const deliver = transport.onmessage;
  let order: Promise<void> | undefined;
  transport.onmessage = (message) => {
    const crossed = "method" in message && message.method === "notifications/cancelled" && deliveries.take(message.params?.requestId);
    if (crossed) void giveBack(crossed, link, keeper).catch(report);
    const ready = order ? order.then(() => follower.heard(message)) : follower.heard(message);
    if (!ready) {
      deliver?.(message);
      return;
    }
    const mine = ready.then(() => {
      if (order === mine) order = undefined;
      deliver?.(message);
    });
    order = mine;
  };

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
  // A message that a subscription has to stand for first holds up those behind it.
  if (order) await within(LAST_CALLS_MS, order);
  desk.giveUpWaits();
  keeper.stop();
  follower.stop();
  await within(LAST_CALLS_MS, desk.settled());
  await within(GIVE_BACK_MS, link.settle());
  await link.close();
  input.end();
  // A socket whose peer does not close its side, or a host that never reads, must not keep this process.
  process.stdout.end(() => process.exit(0));
  setTimeout(() => process.exit(0), GIVE_BACK_MS);
}

/** Releases what a host cancelled before it could read that it has it. Refused, it has ended otherwise. */
async function giveBack(delivery: Delivery, link: Link, keeper: LeaseKeeper): Promise<void> {
  // without an answer from the server its lease lapses
  keeper.forget(delivery.claim_id);
  try {
    await link.call(delivery.agent_id, "tasks/release", { ...delivery, reason: GIVEN_UP });
  } catch (thrown) {
    if (!(thrown instanceof Refused) && !(thrown instanceof Unreachable)) throw thrown;
  }
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
