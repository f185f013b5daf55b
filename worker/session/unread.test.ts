import { evictDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../protocol/index.ts";
import { fetchWorker, HttpClient } from "../testing/pool.ts";
import { UNREAD_CLOSE } from "./sessions.ts";
import { Unread } from "./unread.ts";

const MOST = LIMITS.unread_chars.value;

describe("the count of what lies unread", () => {
  it("is what was sent after the last frame that was read", () => {
    const unread = new Unread(undefined);
    const frame = MOST / 8;
    for (let n = 0; n < 8; n += 1) unread.sent(frame);
    expect(unread.isTooMuch).toBe(false);
    unread.sent(1);
    expect(unread.isTooMuch).toBe(true);
    unread.read(1);
    expect(unread.isTooMuch).toBe(false);
    unread.sent(frame - 2);
    expect(unread.isTooMuch).toBe(false);
    unread.sent(2);
    expect(unread.isTooMuch).toBe(true);
    unread.read(11);
    expect(unread.store()).toEqual({ sent: 11, chars: 0 });
  });

  it("is stored ahead, so that a sleep at any moment never makes it lower than it is", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.integer({ min: 1, max: 40_000 }), fc.constant("sleep" as const)), { maxLength: 200 }), (steps) => {
        let unread = new Unread(undefined);
        let stored = unread.store();
        let chars = 0;
        for (const step of steps) {
          if (step === "sleep") unread = new Unread(stored);
          else {
            chars += step;
            if (unread.sent(step)) stored = unread.store();
          }
        }
        expect(new Unread(stored).store().chars).toBeGreaterThanOrEqual(chars);
      }),
    );
  });

  it("takes the client's word for what was sent before a sleep", () => {
    const before = new Unread(undefined);
    before.sent(10);
    const stored = before.store();
    before.sent(20);
    const unread = new Unread(stored);
    unread.sent(70_000);
    unread.read(5);
    unread.sent(1);
    expect(unread.store().sent).toBe(6);
    unread.read(6);
    expect(unread.store()).toEqual({ sent: 6, chars: 0 });
  });
});

describe("a session", () => {
  const PAYLOAD = "x".repeat(250 * 1024);
  const GETS = 60;

  /** A socket of a client of its own, on a board whose answers are large. */
  async function open() {
    const board = new HttpClient();
    await board.call("tasks/send", { name: "large", payload: PAYLOAD });
    const socket = (await fetchWorker(`/w/${board.name}/session`, { headers: { upgrade: "websocket" } })).webSocket!;
    let frames = 0;
    let wanted = 0;
    let arrived = () => {};
    const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
    socket.addEventListener("message", () => {
      frames += 1;
      if (frames === wanted) arrived();
    });
    socket.accept();
    const call = (method: string, params: object, id?: number) => ({ jsonrpc: "2.0", ...(id === undefined ? {} : { id }), method, params });
    const ask = () => {
      wanted = frames + 1;
      const answered = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      socket.send(JSON.stringify(Array.from({ length: GETS }, (_, id) => call("tasks/get", { id: "#1" }, id))));
      return answered;
    };
    const ack = () => socket.send(JSON.stringify(call("session/ack", { frames })));
    return { board, socket, closed, ask, ack };
  }

  it("is over for whoever lets too much lie: with a close code, a reason, and its waits and presence forgotten", async () => {
    const { board, socket, closed, ask } = await open();
    socket.send(JSON.stringify({ jsonrpc: "2.0", id: 7, method: "tasks/wait", params: { filter: { kind: "ack" }, agent_id: "stuck" } }));
    for (let asked = 0; asked * GETS * PAYLOAD.length <= MOST; asked += 1) await ask();
    const { code, reason } = await closed;
    expect([code, reason]).toEqual([UNREAD_CLOSE, expect.stringContaining("session/ack")]);
    expect(await board.call("workspace/info", {})).toMatchObject({ sessions: 0, waiters: 0 });
  });

  it("goes on for whoever says what it has read, through a sleep as well", async () => {
    const { board, socket, ask, ack } = await open();
    for (let round = 0; round < 8; round += 1) {
      await ask();
      ack();
      if (round === 3) await evictDurableObject(board.stub, { webSockets: "hibernate" });
    }
    expect((await board.call("workspace/info", {})).sessions).toBe(1);
    socket.close(1000);
  });
});
