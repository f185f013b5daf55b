import { describe, expect, it } from "vitest";
import { callerOf, newSession } from "./caller.ts";
import { Cancellable, cancel } from "./cancelled.ts";

const of = (headers: Record<string, string>, body: unknown = {}) => callerOf(new Headers(headers), body);

describe("who calls", () => {
  it("is the header's agent before the host's name", () => {
    const body = { params: { clientInfo: { name: "Codex" } } };
    expect(of({ "x-coord-agent": "harbor-lynx" }, body)).toMatchObject({ identity: { handle: "harbor-lynx" }, host: "Codex" });
    expect(of({}, body)).toMatchObject({ identity: { handle: "codex", isShared: true }, host: "Codex" });
  });

  it("is carried on by a session's id, whatever the host's name is made of", () => {
    for (const name of ["codex-mcp-client", "日本語 エージェント", "a".repeat(500)]) {
      const session = newSession(name);
      expect(session).toMatch(/^[\x21-\x7e]+$/);
      expect(of({ "mcp-session-id": session })).toMatchObject({ host: name.slice(0, 128), session });
    }
    expect(newSession("x")).not.toBe(newSession("x"));
  });

  it.each(["", ".", "abc", "abc.%%%", "abc.====", "x".repeat(5000)])("does not stumble over the session %j", (session) => {
    expect(of({ "mcp-session-id": session })).toMatchObject({ identity: { handle: "mcp-client" } });
  });

  it.each([
    null,
    [],
    "x",
    { params: 3 },
    { params: { _meta: { "io.modelcontextprotocol/clientInfo": 1 } } },
    { params: { clientInfo: { name: "---" } } },
  ])("is somebody for the body %j", (body) => {
    expect(of({}, body)).toMatchObject({ identity: { handle: "mcp-client", isShared: true } });
  });

  it.each(["", "a".repeat(129)])("is refused as %j", (agent) => {
    const caller = of({ "x-coord-agent": agent });
    expect("refused" in caller && caller.refused.status).toBe(400);
  });
});

describe("a cancellation that comes beside its call", () => {
  it("reaches the calls of the same session and id only, and while they are asked", () => {
    const call = new Cancellable("one", 1);
    call.begins("a");
    call.begins("b");
    const none = { forgotten: [] };
    expect([cancel("two", 1), cancel("one", "1"), cancel("one", 2)]).toEqual([none, none, none]);
    expect([cancel("one", 1), call.isCancelled]).toEqual([{ forgotten: ["a", "b"] }, true]);
    expect(cancel("one", 1)).toEqual(none);
    call.ended("a");
    call.ended("b");
    expect(cancel("one", 1)).toEqual(none);
  });

  it("gives back what an answer carries that is still on its way, once, and not what arrived long ago", () => {
    const delivery = { id: "t", agent_id: "heron", claim_id: "c" };
    const answered = (id: number, at: number) => {
      const call = new Cancellable("late", id);
      call.begins("a");
      call.ended("a", at);
      call.delivery = delivery;
    };
    answered(1, 1_000);
    expect([cancel("late", 1, 1_900), cancel("late", 1, 1_900)]).toEqual([{ forgotten: [], delivery }, { forgotten: [] }]);
    answered(2, 1_000);
    expect(cancel("late", 2, 2_000)).toEqual({ forgotten: [] });
    answered(3, 1_000);
    answered(4, 2_000);
    expect([cancel("late", 3, 1_001), cancel("late", 4, 2_001)]).toEqual([{ forgotten: [] }, { forgotten: [], delivery }]);
  });
});
