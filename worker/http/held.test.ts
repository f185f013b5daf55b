import { describe, expect, it, vi } from "vitest";
import { METHODS } from "../../protocol/index.ts";
import { type Answered, heldResponse, mayWait } from "./held.ts";

/** The signal of a request whose connection is never reset. */
const stays = new AbortController().signal;
const decode = (chunk: Uint8Array | undefined) => new TextDecoder().decode(chunk);

describe("whether a call may wait", () => {
  const call = (method: string, params: object) => JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const waiting = Object.entries(METHODS).flatMap(([method, { params }]) =>
    Object.keys(params.shape)
      .filter((name) => name.endsWith("_ms"))
      .map((name) => [method, name] as const),
  );

  it("is seen of every parameter that makes a call wait, in both spellings and behind an escape", () => {
    expect(new Set(waiting.map(([method]) => method))).toEqual(
      new Set(["tasks/list", "tasks/next", "tasks/wait", "events/list", "agents/inbox"]),
    );
    for (const [method, name] of waiting) {
      const camel = name.replace(/_m/, "M");
      for (const spelled of [name, camel]) {
        const body = call(method, { [spelled]: 1 });
        expect(mayWait(body), body).toBe(true);
        expect(mayWait(body.replaceAll("wait", "\\u0077ait")), body).toBe(true);
      }
    }
    expect(mayWait(call("tasks/wait", {}))).toBe(true);
  });

  it("is not seen of a call that cannot", () => {
    expect(mayWait(call("tasks/claim", { id: "#1", agent_id: "otter" }))).toBe(false);
    expect(mayWait(call("tasks/next", { agent_id: "otter" }))).toBe(false);
  });
});

describe("a response to a call that may wait", () => {
  it("is plain for what is answered at once, and none where nothing is to be said", async () => {
    const gone = vi.fn();
    expect(await (await heldResponse(Promise.resolve('{"a":1}'), stays, gone)).json()).toEqual({ a: 1 });
    expect(await (await heldResponse(Promise.resolve(new Response("[]")), stays, gone)).json()).toEqual([]);
    expect((await heldResponse(Promise.resolve(null), stays, gone)).status).toBe(204);
    expect(gone).not.toHaveBeenCalled();
  });

  it("begins with white space where it waits, and is JSON all the same", async () => {
    const answer = new Promise<Answered>((resolve) => setTimeout(() => resolve('{"a":1}'), 1_100));
    const text = await (await heldResponse(answer, stays, () => {})).text();
    expect([text.trimStart(), JSON.parse(text)]).toEqual(['{"a":1}', { a: 1 }]);
  });

  it("that hands a job over looks for its client first: three spaces, then the answer", async () => {
    const gone = vi.fn();
    const response = await heldResponse(Promise.resolve({ handedOver: '{"job":1}' }), stays, gone);
    expect(await response.text()).toBe('   {"job":1}');
    expect(gone).not.toHaveBeenCalled();
  });

  it("says once that its client has gone, who then gets nothing", async () => {
    const gone = vi.fn();
    const response = await heldResponse(Promise.resolve({ handedOver: '{"job":1}' }), stays, gone);
    const reader = response.body!.getReader();
    expect(decode((await reader.read()).value).trim()).toBe("");
    await reader.cancel();
    expect(gone).toHaveBeenCalledTimes(1);
  });

  it("says nothing of a client that leaves once its answer was written: it may have read it", async () => {
    const gone = vi.fn();
    const response = await heldResponse(Promise.resolve({ handedOver: '{"job":1}' }), stays, gone);
    const reader = response.body!.getReader();
    let text = "";
    while (!text.includes("}")) text += decode((await reader.read()).value);
    await reader.cancel();
    expect(gone).not.toHaveBeenCalled();
  });

  it("says once that the connection was reset, even before there is a response", async () => {
    const [gone, reset] = [vi.fn(), new AbortController()];
    let resolve: (answer: Answered) => void = () => {};
    const answer = new Promise<Answered>((resolved) => {
      resolve = resolved;
    });
    const response = heldResponse(answer, reset.signal, gone);
    reset.abort();
    expect(gone).toHaveBeenCalledTimes(1);
    resolve({ handedOver: '{"job":1}' });
    await (await response).body!.cancel();
    expect(gone).toHaveBeenCalledTimes(1);
  });

  it("breaks off where there will be no answer", async () => {
    const gone = vi.fn();
    const answer = new Promise<Answered>((_resolve, reject) => setTimeout(() => reject(new Error("the object is gone")), 1_100));
    const response = await heldResponse(answer, stays, gone);
    await expect(response.text()).rejects.toThrow("the object is gone");
  });
});
