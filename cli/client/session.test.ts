import { type AddressInfo, createServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Event } from "../../protocol/index.ts";
import type { CliError } from "../errors.ts";
import { ConnectionLost } from "./failures.ts";
import { type ScriptedPeer, ScriptedServer } from "./scripted-server.ts";
import { openSession, type SessionOptions, startSession } from "./session.ts";
import { SOCKET_TIMES } from "./socket.ts";
import type { Session } from "./types.ts";

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function server(): Promise<ScriptedServer> {
  const started = await ScriptedServer.start();
  cleanups.push(async () => started[Symbol.asyncDispose]());
  return started;
}

const QUICK: SessionOptions = { autostart: false, backoff: () => 1, byePauseMs: () => 1 };

async function open(scripted: ScriptedServer, options: SessionOptions = {}): Promise<{ session: Session; peer: ScriptedPeer }> {
  const [session, peer] = await Promise.all([openSession(scripted.target, { ...QUICK, ...options }), scripted.peer()]);
  cleanups.push(() => session.close());
  return { session, peer };
}

const AGENT = { id: "harbor-lynx" };
const task = (seq: number): Event => ({ seq, at: "2026-01-02T03:04:05.678Z", type: "task.created", principal: "owner", data: {} });
const events = (subscription: number, seqs: number[], cursor = seqs.at(-1) ?? 0) => ({
  jsonrpc: "2.0",
  method: "events",
  params: { subscription, events: seqs.map(task), cursor },
});

/** Rejection of a promise, as a value. */
async function failure(promise: Promise<unknown>): Promise<CliError> {
  try {
    await promise;
  } catch (error) {
    return error as CliError;
  }
  throw new Error("it did not fail");
}

/** Collects what a subscription delivers, and waits for a given number of it. */
function collector() {
  const seqs: number[] = [];
  let wanted = 0;
  let arrived = () => {};
  return {
    seqs,
    take: (batch: Event[]) => {
      seqs.push(...batch.map((event) => event.seq));
      if (seqs.length >= wanted) arrived();
    },
    has: (count: number) =>
      new Promise<void>((resolve) => {
        wanted = count;
        arrived = resolve;
        if (seqs.length >= count) resolve();
      }),
  };
}

describe("calls", () => {
  test("are answered in whatever order the server likes, also in one batch", async () => {
    const { session, peer } = await open(await server());
    const calls = [
      session.call("tasks/get", { id: "#1" }),
      session.call("tasks/get", { id: "#2" }),
      session.call("tasks/get", { id: "#3" }),
    ];
    const heard = [await peer.hears("tasks/get"), await peer.hears("tasks/get"), await peer.hears("tasks/get")];
    peer.answers(heard[2]!, { number: 3 });
    peer.says([
      { jsonrpc: "2.0", id: heard[1]!.id, result: { number: 2 } },
      { jsonrpc: "2.0", id: heard[0]!.id, result: null },
    ]);
    expect(await Promise.all(calls)).toEqual([null, { number: 2 }, { number: 3 }]);
  });

  test("are refused with the exit code and remedy of the protocol", async () => {
    const { session, peer } = await open(await server());
    const failed = failure(session.call("tasks/claim", { id: "#12", agent_id: "harbor-lynx" }));
    peer.refuses(await peer.hears("tasks/claim"), {
      code: -32001,
      message: "#12 is claimed by other",
      data: { code: "conflict", reason: "already_claimed", claimed_by: "other" },
    });
    const error = await failed;
    expect(error.exit).toBe(3);
    expect(error.data).toMatchObject({ reason: "already_claimed", claimed_by: "other" });
    expect(error.next).toContain("coord wait --ids 12");
  });

  test("that change something carry an idempotency key, and reads none", async () => {
    const { session, peer } = await open(await server());
    void session.call("tasks/send", { name: "x" }).catch(() => {});
    void session.call("tasks/list", {}).catch(() => {});
    expect((await peer.hears("tasks/send")).params.idempotency_key).toMatch(/^[0-9a-f-]{36}$/);
    expect((await peer.hears("tasks/list")).params).toEqual({});
  });

  test("in flight when the connection ends are asked again, mutations under the same key", async () => {
    const scripted = await server();
    const { session, peer } = await open(scripted);
    const sent = session.call("tasks/send", { name: "x" });
    const read = session.call("tasks/get", { id: "#1" });
    const first = await peer.hears("tasks/send");
    peer.socket.terminate();
    const again = await scripted.peer();
    const second = await again.hears("tasks/send");
    expect(second.params).toEqual(first.params);
    again.answers(second, { number: 7 });
    again.answers(await again.hears("tasks/get"), null);
    expect(await sent).toEqual({ number: 7 });
    expect(await read).toBeNull();
  });

  test("made while reconnecting wait for the next connection", async () => {
    const scripted = await server();
    const { session, peer } = await open(scripted);
    const away = new Promise<void>((resolve) => session.onState((state) => state === "reconnecting" && resolve()));
    peer.socket.terminate();
    await away;
    const read = session.call("tasks/get", { id: "#1" });
    const again = await scripted.peer();
    again.answers(await again.hears("tasks/get"), null);
    expect(await read).toBeNull();
    expect(session.state).toBe("open");
  });

  test("that must not be repeated blindly are rejected at the break", async () => {
    const { session, peer } = await open(await server());
    const waiting = failure(session.call("tasks/wait", {}, { onBreak: "reject" }));
    await peer.hears("tasks/wait");
    peer.socket.close(1012);
    expect(await waiting).toBeInstanceOf(ConnectionLost);
  });

  test("that break every connection are given up at last", async () => {
    const scripted = await server();
    const { session, peer } = await open(scripted);
    const failed = failure(session.call("tasks/get", { id: "#1" }));
    for (let at: ScriptedPeer | undefined = peer, times = 0; at && times < 8; times++) {
      await at.hears("tasks/get");
      at.socket.terminate();
      at = times < 7 ? await scripted.peer() : undefined;
    }
    expect((await failed).exit).toBe(7);
  });

  test("given up by their caller are cancelled on the server, and a late answer is nobody's", async () => {
    const { session, peer } = await open(await server());
    const gone = new AbortController();
    const waiting = failure(session.call("tasks/wait", {}, { signal: gone.signal }));
    const asked = await peer.hears("tasks/wait");
    gone.abort(new Error("enough"));
    expect((await waiting).message).toBe("enough");
    const cancel = await peer.hears("session/cancel");
    expect(cancel.params).toEqual({ id: asked.id });
    peer.answers(asked, { task: null, cursor: 1, timed_out: true });
    const next = session.call("tasks/get", { id: "#1" });
    peer.answers(await peer.hears("tasks/get"), null);
    expect(await next).toBeNull();
  });

  test("a job that is handed over after its taker gave up goes back", async () => {
    const { session, peer } = await open(await server());
    const gone = new AbortController();
    const waiting = failure(session.call("tasks/next", { agent_id: "harbor-lynx", wait_ms: 60_000 }, { signal: gone.signal }));
    const asked = await peer.hears("tasks/next");
    gone.abort(new Error("enough"));
    await waiting;
    await peer.hears("session/cancel");
    peer.answers(asked, { id: "t1", claim: { claim_id: "c1", attempt: 1, lease_until: null } });
    expect((await peer.hears("tasks/release")).params).toMatchObject({ id: "t1", claim_id: "c1", agent_id: "harbor-lynx" });
  });

  test("over the size that one frame may have never leave", async () => {
    const { session, peer } = await open(await server());
    const error = await failure(session.call("tasks/send", { name: "x", payload: "y".repeat(1024 * 1024) }));
    expect(error.data.limit).toBe("body_bytes");
    expect(peer.unheard).toEqual([]);
  });

  test("nested deeper than one may be never leave, and nobody waits for their answer", async () => {
    const { session, peer } = await open(await server());
    for (const depth of [101, 20_000]) {
      const payload = JSON.parse("[".repeat(depth) + "]".repeat(depth));
      const error = await failure(session.call("tasks/send", { name: "x", payload }));
      expect([error.exit, error.data.limit]).toEqual([1, "json_depth"]);
    }
    expect(peer.unheard).toEqual([]);
  });
});

describe("hostile frames", () => {
  const broken: [string, (peer: ScriptedPeer) => void][] = [
    ["text that is not JSON", (peer) => peer.socket.send("{")],
    ["a binary frame", (peer) => peer.socket.send(Buffer.from("{}"), { binary: true })],
    ["a number", (peer) => peer.says(42)],
    ["an answer without result and error", (peer) => peer.says({ jsonrpc: "2.0", id: 1 })],
    ["an error without a code", (peer) => peer.says({ jsonrpc: "2.0", id: 1, error: "no" })],
    ["an answer to nothing it could read", (peer) => peer.says({ jsonrpc: "2.0", id: null, error: { code: -32700, message: "parse" } })],
    ["events without their fields", (peer) => peer.says({ jsonrpc: "2.0", method: "events", params: { subscription: 1 } })],
    ["a close frame in the middle of a call", (peer) => peer.socket.close(1011, "gone")],
    ["an end without a close frame", (peer) => peer.socket.terminate()],
  ];
  test.each(broken)("%s: the line is opened anew and the call is answered there", async (_name, misbehave) => {
    const scripted = await server();
    const { session, peer } = await open(scripted);
    const read = session.call("tasks/get", { id: "#1" });
    await peer.hears("tasks/get");
    misbehave(peer);
    const again = await scripted.peer();
    again.answers(await again.hears("tasks/get"), null);
    expect(await read).toBeNull();
  });

  const harmless: [string, unknown][] = [
    ["an answer to an unknown id", { jsonrpc: "2.0", id: 4711, result: 1 }],
    ["a notification of a newer server", { jsonrpc: "2.0", method: "weather", params: { rain: true } }],
    ["events of a subscription that is not ours", events(9, [1, 2])],
  ];
  test.each(harmless)("%s is passed over", async (_name, frame) => {
    const scripted = await server();
    const { session, peer } = await open(scripted);
    const read = session.call("tasks/get", { id: "#1" });
    const heard = await peer.hears("tasks/get");
    peer.says(frame);
    peer.answers(heard, null);
    peer.answers(heard, { number: 1 });
    expect(await read).toBeNull();
    expect(scripted.connections).toBe(1);
  });
});

describe("the connection", () => {
  test("a bye is answered by a close frame, and the session comes back", async () => {
    const scripted = await server();
    const { session, peer } = await open(scripted);
    const closed = new Promise<number>((resolve) => peer.socket.on("close", resolve));
    const read = session.call("tasks/get", { id: "#1" });
    await peer.hears("tasks/get");
    peer.says({ jsonrpc: "2.0", method: "bye", params: { reason: "stopping" } });
    expect(await closed).toBe(1000);
    const again = await scripted.peer();
    again.answers(await again.hears("tasks/get"), null);
    expect(await read).toBeNull();
  });

  test("a peer that stops answering pings is taken for dead", async () => {
    const scripted = await server();
    scripted.answersPings = false;
    const { session, peer } = await open(scripted, { times: { handshakeMs: 5_000, pingMs: 5, pongMs: 5 } });
    scripted.answersPings = true;
    await new Promise<void>((resolve) => peer.socket.on("close", () => resolve()));
    await scripted.peer();
    expect(peer.pings).toBeGreaterThan(0);
    expect(["open", "reconnecting"]).toContain(session.state);
  });

  test("announces its agents again on a new connection, before anything else", async () => {
    const scripted = await server();
    const { session, peer } = await open(scripted);
    const announced = session.call("agents/heartbeat", AGENT);
    peer.answers(await peer.hears("agents/heartbeat"), { ok: true });
    await announced;
    const read = session.call("tasks/get", { id: "#1" });
    await peer.hears("tasks/get");
    peer.socket.terminate();
    const again = await scripted.peer();
    expect((await again.hears("agents/heartbeat")).params).toEqual(AGENT);
    again.answers(await again.hears("tasks/get"), null);
    await read;
  });

  test("where nothing listens, opening fails with exit 7", async () => {
    const scripted = await server();
    await scripted[Symbol.asyncDispose]();
    const error = await failure(openSession(scripted.target, QUICK));
    expect(error.exit).toBe(7);
    expect(error.next).toContain("coord serve");
  });

  test("a patient session outlasts that, and its calls give up in their own time", async () => {
    const scripted = await server();
    await scripted[Symbol.asyncDispose]();
    const session = startSession(scripted.target, { ...QUICK, giveUpMs: 10 });
    cleanups.push(() => session.close());
    expect(await failure(session.call("tasks/list", {}))).toBeInstanceOf(ConnectionLost);
    expect(session.state).not.toBe("closed");
  });

  test("a refused upgrade is a refusal, not something to try again", async () => {
    const scripted = await server();
    scripted.refusal = {
      status: 401,
      body: JSON.stringify({ error: { code: -32010, message: "a token is needed", data: { code: "unauthorized" } } }),
    };
    const error = await failure(openSession(scripted.target, QUICK));
    expect(error.exit).toBe(5);
    expect(error.message).toBe("a token is needed");
    expect(scripted.connections).toBe(1);
  });

  test("an upgrade that is answered by something else is told as such", async () => {
    const scripted = await server();
    scripted.refusal = { status: 404, body: "<html>" };
    const error = await failure(openSession(scripted.target, QUICK));
    expect(error.exit).toBe(7);
    expect(error.message).toContain("not coord");
  });

  test.each([
    ["drips and never ends", 20, " "],
    ["pours and never ends", 1, "x".repeat(16 * 1024)],
  ])("an answer in place of the upgrade that %s is told as such", async (_what, everyMs, part) => {
    const other = createServer((socket) => {
      socket.on("error", () => {});
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      const writing = setInterval(() => socket.write(`${part.length.toString(16)}\r\n${part}\r\n`), everyMs);
      socket.once("close", () => clearInterval(writing));
    });
    await new Promise<void>((listening) => other.listen(0, "127.0.0.1", listening));
    cleanups.push(async () => other.close());
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
    const times = { ...SOCKET_TIMES, handshakeMs: 200 };
    const error = await failure(openSession({ url, workspace: "default" }, { ...QUICK, times }));
    expect(error.exit).toBe(7);
    expect(error.message).toContain("not coord");
  });

  test("a token that is taken away ends the session for good", async () => {
    const scripted = await server();
    const { session, peer } = await open(scripted);
    const read = failure(session.call("tasks/get", { id: "#1" }));
    await peer.hears("tasks/get");
    scripted.refusal = { status: 403, body: "" };
    peer.socket.terminate();
    expect((await read).exit).toBe(5);
    expect(session.state).toBe("closed");
    expect((await failure(session.call("tasks/list", {}))).exit).toBe(7);
  });

  test("closing rejects what is in flight and tells the server", async () => {
    const { session, peer } = await open(await server());
    const read = failure(session.call("tasks/get", { id: "#1" }));
    await peer.hears("tasks/get");
    const closed = new Promise<number>((resolve) => peer.socket.on("close", resolve));
    await session.close();
    expect(await read).toBeInstanceOf(ConnectionLost);
    expect(await closed).toBe(1000);
  });
});

describe("subscriptions", () => {
  async function subscribed(scripted: ScriptedServer, after: number | undefined, cursor: number) {
    const { session, peer } = await open(scripted);
    const got = collector();
    let onLost: (error: CliError) => void = () => {};
    const lost = new Promise<CliError>((resolve) => {
      onLost = resolve;
    });
    const pending = session.subscribe({ ...(after === undefined ? {} : { after }), onLost }, got.take);
    const asked = await peer.hears("events/subscribe");
    peer.answers(asked, { subscription: 1, cursor });
    return { session, peer, got, lost, subscription: await pending, asked };
  }

  test("replay and live events arrive once each, in order, whatever is repeated", async () => {
    const { peer, got, asked, subscription } = await subscribed(await server(), 2, 9);
    expect(asked.params).toEqual({ after: 2 });
    peer.says(events(1, [3, 4]));
    peer.says(events(1, [3, 4]));
    peer.says(events(1, [4, 5, 6]));
    peer.says(events(1, [1]));
    peer.says(events(1, [7]));
    await got.has(5);
    expect(got.seqs).toEqual([3, 4, 5, 6, 7]);
    expect(subscription.cursor).toBe(7);
  });

  test("events that come ahead of the subscription's answer are not lost", async () => {
    const { session, peer } = await open(await server());
    const got = collector();
    const pending = session.subscribe({ after: 0 }, got.take);
    const asked = await peer.hears("events/subscribe");
    peer.says(events(5, [1, 2]));
    peer.answers(asked, { subscription: 5, cursor: 2 });
    await pending;
    await got.has(2);
    expect(got.seqs).toEqual([1, 2]);
  });

  test("a new connection resumes from what was delivered", async () => {
    const scripted = await server();
    const { peer, got } = await subscribed(scripted, undefined, 10);
    peer.says(events(1, [11, 12]));
    await got.has(2);
    peer.socket.terminate();
    const again = await scripted.peer();
    const resumed = await again.hears("events/subscribe");
    expect(resumed.params).toEqual({ after: 12 });
    again.answers(resumed, { subscription: 1, cursor: 14 });
    again.says(events(1, [12, 13, 14]));
    await got.has(4);
    expect(got.seqs).toEqual([11, 12, 13, 14]);
  });

  test("a gap in the log is read again from where it began", async () => {
    const { peer, got } = await subscribed(await server(), 0, 0);
    peer.says(events(1, [1, 2, 5]));
    expect((await peer.hears("events/unsubscribe")).params).toEqual({ subscription: 1 });
    const again = await peer.hears("events/subscribe");
    expect(again.params).toEqual({ after: 2 });
    peer.answers(again, { subscription: 2, cursor: 5 });
    peer.says(events(2, [3, 4, 5]));
    await got.has(5);
    expect(got.seqs).toEqual([1, 2, 3, 4, 5]);
  });

  test("a gap that stays is how the log is", async () => {
    const { peer, got } = await subscribed(await server(), 0, 0);
    peer.says(events(1, [1, 3]));
    await peer.hears("events/unsubscribe");
    peer.answers(await peer.hears("events/subscribe"), { subscription: 2, cursor: 3 });
    peer.says(events(2, [3]));
    await got.has(2);
    expect(got.seqs).toEqual([1, 3]);
  });

  test("a cursor that the log does not know any more ends the subscription, and its reader is told", async () => {
    const scripted = await server();
    const { peer, lost } = await subscribed(scripted, 5, 5);
    peer.socket.terminate();
    const again = await scripted.peer();
    again.refuses(await again.hears("events/subscribe"), { code: -32012, message: "expired", data: { code: "cursor_expired" } });
    expect((await lost).exit).toBe(6);
  });

  test("stopping one ends it on the server, and nothing is delivered afterwards", async () => {
    const { session, peer, got, subscription } = await subscribed(await server(), 0, 0);
    const stopping = subscription.stop();
    peer.answers(await peer.hears("events/unsubscribe"), { ok: true });
    await stopping;
    peer.says(events(1, [1]));
    const read = session.call("tasks/get", { id: "#1" });
    peer.answers(await peer.hears("tasks/get"), null);
    await read;
    expect(got.seqs).toEqual([]);
  });

  test("what was read is told to the server, so that it cuts off only who is stuck", async () => {
    const { peer, got } = await subscribed(await server(), 0, 0);
    const frames = 256;
    for (let seq = 1; seq < frames; seq += 1) peer.says(events(1, [seq]));
    // the answer to the subscription was the first
    expect((await peer.hears("session/ack")).params).toEqual({ frames });
    const large = { ...events(1, [frames]), pad: "x".repeat(1024 * 1024) };
    peer.says(large);
    expect((await peer.hears("session/ack")).params).toEqual({ frames: frames + 1 });
    await got.has(frames);
  });
});
