import { afterEach, describe, expect, it, vi } from "vitest";
import { callWebhook } from "./call.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const delivery = { url: "http://127.0.0.1:9/hook", headers: { authorization: "Bearer secret" }, body: "{}" };

describe("a call of a webhook", () => {
  it("is a POST with what it is signed by, and follows no redirect", async () => {
    const fetch = vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response("thanks", { status: 202 }));
    expect(await callWebhook(delivery, true)).toBeUndefined();
    expect(fetch.mock.calls).toEqual([
      [delivery.url, { method: "POST", headers: delivery.headers, body: "{}", redirect: "manual", signal: expect.any(AbortSignal) }],
    ]);
  });

  it.each([
    [new Response(null, { status: 301, headers: { location: "http://169.254.169.254/" } }), "it redirects, which is not followed"],
    [new Response(null, { status: 307, headers: { location: "http://127.0.0.1:9/" } }), "it redirects, which is not followed"],
    [new Response("no", { status: 404 }), "it answered 404"],
    [new Response("no", { status: 500 }), "it answered 500"],
  ])("that is answered %o has failed", async (response, problem) => {
    vi.spyOn(globalThis, "fetch").mockResolvedValue(response);
    expect(await callWebhook(delivery, true)).toBe(problem);
  });

  it("that cannot be made, or is not answered in time, has failed; neither is a bug", async () => {
    vi.spyOn(globalThis, "fetch").mockRejectedValueOnce(new TypeError("Network connection lost."));
    expect(await callWebhook(delivery, true)).toBe("it could not be reached");
    vi.spyOn(globalThis, "fetch").mockRejectedValueOnce(new DOMException("", "TimeoutError"));
    expect(await callWebhook(delivery, true)).toBe("it did not answer within 10 s");
  });

  it("is not made where the address is no longer allowed, as when a local board was restored to a deployed server", async () => {
    const fetch = vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response());
    expect(await callWebhook(delivery, false)).toContain("private");
    expect(await callWebhook({ ...delivery, url: "https://hooks.example.com/" }, true)).toContain("this machine");
    expect(fetch).not.toHaveBeenCalled();
  });
});
