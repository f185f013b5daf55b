import { HttpCaller } from "./http.ts";
import type { BenchServer } from "./server.ts";
import { type Params, Session } from "./session.ts";

/** Whoever makes one call at a time, by HTTP or over a session. */
export interface Caller {
  ask(method: string, params: Params): Promise<Buffer>;
  close(): void;
}

/** A server that is measured beside others: coord, or one that speaks the bulletin's JSON-RPC over HTTP. */
export interface Peer {
  readonly name: string;
  /** With a trailing slash. */
  readonly url: string;
  /** Whether `GET /session` opens a WebSocket that carries the same calls. */
  readonly sessions: boolean;
  /** Of the methods that are measured, those that it knows. */
  readonly methods: ReadonlySet<string>;
  /** Its process, where it is known, for the time on the processor. */
  readonly pid: number | undefined;
}

export type Transport = "HTTP" | "sessions";

const METHODS = ["tasks/send", "tasks/claim", "tasks/next", "tasks/complete", "tasks/list", "tasks/wait"] as const;
const NOT_FOUND = -32601;
/** What was given to be measured is not there, or is something else; the message says which and why. */
export class NotAServer extends Error {}

/** A server that takes longer to open a session has none. */
const HANDSHAKE_MS = 2_000;

export function openCaller(peer: Pick<Peer, "url">, over: Transport): Promise<Caller> {
  return over === "sessions" ? Session.open(peer.url) : Promise.resolve(new HttpCaller(peer.url));
}

/**
 * Finds out what a server can do, by asking. Each method is called without parameters: whatever is said to that, "no such method" is
 * the one answer that counts.
 * @throws NotAServer where nothing that speaks JSON-RPC answers
 */
export async function probe(name: string, url: string, pid?: number): Promise<Peer> {
  const caller = new HttpCaller(url);
  const methods = new Set<string>();
  try {
    for (const method of METHODS) {
      // a filter that nothing fits and a time of nothing, so that asking neither takes a job nor lasts
      const params = { filter: { kind: "no such kind" }, wait_ms: 0, timeout_ms: 0, ...(method === "tasks/list" ? { limit: 1 } : {}) };
      if ((await errorOf(caller, method, params)) !== NOT_FOUND) methods.add(method);
    }
  } catch (error) {
    throw new NotAServer(`${name} at ${url} does not speak the bulletin's JSON-RPC: ${(error as Error).message}`);
  } finally {
    caller.close();
  }
  return { name, url, methods, pid, sessions: await hasSessions(url) };
}

/** coord first, then the others by the order they were given in: `other`, or `other 1`, `other 2` … */
export async function peersOf(coord: BenchServer, against: readonly string[]): Promise<Peer[]> {
  const name = (at: number) => (against.length === 1 ? "other" : `other ${at + 1}`);
  return Promise.all([probe("coord", coord.url, coord.pid), ...against.map((url, at) => probe(name(at), url))]);
}

/** @returns the code of the error that a call got; undefined where it succeeded */
async function errorOf(caller: HttpCaller, method: string, params: Params): Promise<number | undefined> {
  const text = (await caller.ask(method, params)).toString();
  const answer = JSON.parse(text) as { jsonrpc?: unknown; error?: { code?: unknown } } | null;
  if (answer === null || typeof answer !== "object" || answer.jsonrpc !== "2.0") throw new Error(`it answered ${text.slice(0, 80)}`);
  return typeof answer.error?.code === "number" ? answer.error.code : undefined;
}

async function hasSessions(url: string): Promise<boolean> {
  try {
    const session = await Session.open(url, "default", HANDSHAKE_MS);
    session.close();
    return true;
  } catch {
    // refused or unanswered, whichever way: it is measured over HTTP alone
    return false;
  }
}
