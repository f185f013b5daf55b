import { describe, expect, it } from "vitest";
import { A2ABoard, message, URI } from "./testing.ts";
import type { WireTask } from "./wire.ts";

const ON = { extensions: URI };
type Claimed = { task: WireTask | null };
const claimOf = ({ task }: Claimed) =>
  (task!.metadata[URI] as { claim: { claimId: string; attempt: number; leaseExpiresAt: string } }).claim;

describe("activation", () => {
  it("is asked for by the header, and echoed; without it there is no such method", async () => {
    const a2a = new A2ABoard();
    const off = await a2a.ask("coord/ListAgents", {});
    expect([off.body.error!.code, off.body.error!.message, off.headers.get("a2a-extensions")]).toEqual([
      -32601,
      expect.stringContaining(URI),
      null,
    ]);
    const on = await a2a.ask("coord/ListAgents", {}, ON);
    expect([on.body.result, on.headers.get("a2a-extensions")]).toEqual([{ agents: [] }, URI]);
    const core = await a2a.ask("ListTasks", {}, { extensions: `https://other.example/x, ${URI}` });
    expect([core.body.error, core.headers.get("a2a-extensions")]).toEqual([undefined, URI]);
    expect((await a2a.ask("ListTasks", {}, { extensions: "https://other.example/x" })).headers.get("a2a-extensions")).toBeNull();
  });

  it("goes by the name under which the client knows the server", async () => {
    const a2a = new A2ABoard();
    const uri = "http://localhost:7777/ext/work-queue/v1";
    const params = { message: message("x"), metadata: { [uri]: { priority: "urgent" } }, configuration: { returnImmediately: true } };
    const { body, headers } = await a2a.ask("SendMessage", params, { extensions: uri });
    expect(headers.get("a2a-extensions")).toBe(uri);
    expect((body.result!.task as WireTask).metadata[uri]).toMatchObject({ priority: "urgent" });
  });

  it("works in 0.3 by its own header", async () => {
    const { body, headers } = await new A2ABoard().ask("coord/ListAgents", {}, { version: "", extensions: URI });
    expect([body.result, headers.get("x-a2a-extensions")]).toEqual([{ agents: [] }, URI]);
  });

  it("a stream's answer echoes it too", async () => {
    const a2a = new A2ABoard();
    const response = await a2a.fetch(
      JSON.stringify({ jsonrpc: "2.0", id: 1, method: "SendStreamingMessage", params: { message: message("x") } }),
      ON,
    );
    expect(response.headers.get("a2a-extensions")).toBe(URI);
    await response.body!.cancel();
    await a2a.board.waiting(0);
  });
});

describe("the methods", () => {
  it("let a worker register, claim, renew, complete; its poster sees it in A2A", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("job");
    const { agent } = await a2a.call<{ agent: object }>("coord/RegisterAgent", { agentId: "w1", name: "Worker One" }, ON);
    expect(agent).toMatchObject({ id: "w1", name: "Worker One", type: "agent", status: "active" });
    const claimed = await a2a.call<Claimed>("coord/ClaimTask", { taskId: id, agentId: "w1", leaseSeconds: 60 }, ON);
    expect(claimed.task).toMatchObject({ id, status: { state: "TASK_STATE_WORKING" } });
    const { claimId, attempt } = claimOf(claimed);
    expect(attempt).toBe(1);
    const renewed = await a2a.call<{ leaseExpiresAt: string }>(
      "coord/RenewLease",
      { taskId: id, agentId: "w1", claimId, leaseSeconds: 600 },
      ON,
    );
    expect(Date.parse(renewed.leaseExpiresAt)).toBeGreaterThan(Date.parse(claimOf(claimed).leaseExpiresAt));
    expect(await a2a.call("coord/Heartbeat", { agentId: "w1" }, ON)).toEqual({ ok: true });
    expect((await a2a.call<{ agents: object[] }>("coord/ListAgents", {}, ON)).agents).toContainEqual(
      expect.objectContaining({ id: "w1", currentTaskId: id }),
    );
    const parts = [{ text: "see" }, { url: "https://x.example/y.pdf", mediaType: "application/pdf" }];
    const done = await a2a.call<{ task: WireTask }>("coord/CompleteTask", { taskId: id, claimId, parts, summary: "it went well" }, ON);
    expect(done.task).toMatchObject({ status: { state: "TASK_STATE_COMPLETED" }, artifacts: [{ parts, description: "it went well" }] });
  });

  it("take the next job, first what fits the filter; null where there is none", async () => {
    const a2a = new A2ABoard();
    await a2a.post("low", { priority: "low", kind: "bug" });
    const { id } = await a2a.post("urgent", { priority: "urgent" });
    expect((await a2a.call<Claimed>("coord/NextTask", { agentId: "w" }, ON)).task!.id).toBe(id);
    expect(await a2a.call("coord/ClaimTask", { agentId: "w", filter: { kind: "feature" } }, ON)).toEqual({ task: null });
    expect((await a2a.call<Claimed>("coord/ClaimTask", { agentId: "w", filter: { kind: "bug" } }, ON)).task!.status.state).toBe(
      "TASK_STATE_WORKING",
    );
  });

  it("wait in line for a job; a worker that leaves the line leaves no waiter", async () => {
    const a2a = new A2ABoard();
    const asked = a2a.call<Claimed>("coord/NextTask", { agentId: "w", waitSeconds: 30 }, ON);
    await a2a.board.waiting(1);
    const { id } = await a2a.post("job");
    expect((await asked).task!.id).toBe(id);
    const response = await a2a.fetch(
      JSON.stringify({ jsonrpc: "2.0", id: 1, method: "coord/NextTask", params: { agentId: "w", waitSeconds: 60 } }),
      ON,
    );
    await a2a.board.waiting(1);
    await response.body!.cancel();
    await a2a.board.waiting(0);
  });

  it("fail and release a job, with the reason as its status", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("job");
    await a2a.call("coord/ClaimTask", { taskId: id, agentId: "w" }, ON);
    const released = await a2a.call<Claimed>("coord/ReleaseTask", { taskId: id, agentId: "w", reason: "later" }, ON);
    expect(released.task!.status).toMatchObject({ state: "TASK_STATE_SUBMITTED", message: { parts: [{ text: "later" }] } });
    await a2a.call("coord/ClaimTask", { taskId: id, agentId: "w" }, ON);
    const failed = await a2a.call<Claimed>("coord/FailTask", { taskId: id, agentId: "w", reason: "broken" }, ON);
    expect(failed.task!.status).toMatchObject({ state: "TASK_STATE_FAILED", message: { parts: [{ text: "broken" }] } });
  });

  it("bring what the reviewer said with the next claim", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("job", { review: "required" });
    await a2a.finish(id, 1, "w");
    await a2a.call("SendMessage", {
      message: message("Shorter", { taskId: id }),
      metadata: { [URI]: { decision: "request_changes" } },
      configuration: { returnImmediately: true },
    });
    const claimed = await a2a.call<Claimed>("coord/NextTask", { agentId: "w" }, ON);
    expect(claimOf(claimed)).toMatchObject({ attempt: 2, feedback: [{ attempt: 1, reviewer: "a2a", body: "Shorter" }] });
  });

  it("of a claim that another holds, or that has ended, is coord's own error, outside A2A's range", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("job");
    const claimed = await a2a.call<Claimed>("coord/ClaimTask", { taskId: id, agentId: "w1" }, ON);
    const taken = await a2a.error("coord/ClaimTask", { taskId: id, agentId: "w2" }, ON);
    expect([taken.code, taken.data[0]]).toMatchObject([
      -31001,
      { reason: "ALREADY_CLAIMED", domain: "coord", metadata: { state: "claimed" } },
    ]);
    await a2a.call("coord/ReleaseTask", { taskId: id, agentId: "w1" }, ON);
    const { claimId } = claimOf(claimed);
    expect((await a2a.error("coord/CompleteTask", { taskId: id, claimId, result: 1 }, ON)).data[0]).toMatchObject({
      reason: "STALE_CLAIM",
    });
    expect((await a2a.error("coord/ClaimTask", { taskId: "nope-nope", agentId: "w" }, ON)).code).not.toBe(-32603);
  });

  it.each([
    ["coord/ClaimTask", {}, "agentId"],
    ["coord/ClaimTask", { taskId: "#1", agentId: "w", waitSeconds: 5 }, "waitSeconds"],
    ["coord/NextTask", { agentId: "w", waitSeconds: 61 }, "waitSeconds"],
    ["coord/NextTask", { agentId: "w", waitSeconds: "long" }, "waitSeconds"],
    ["coord/NextTask", { agentId: "w", filter: { colour: "red" } }, "filter"],
    ["coord/NextTask", { agentId: " w" }, "agentId"],
    ["coord/NextTask", [1], ""],
    ["coord/CompleteTask", { taskId: "#1", parts: [{}] }, "parts.0"],
    ["coord/CompleteTask", { taskId: "#1", parts: [{ text: "a" }], result: 1 }, "parts"],
    ["coord/FailTask", { taskId: "#1" }, "reason"],
    ["coord/FailTask", { taskId: "#1", reason: "x", claimId: "no uuid" }, "claimId"],
    ["coord/RenewLease", { taskId: "#1", extra: 1 }, ""],
  ])("%s %j is -32602 by field", async (method, params, field) => {
    const { code, data } = await new A2ABoard().error(method, params, ON);
    expect([code, data[0]]).toMatchObject([-32602, { fieldViolations: [{ field }] }]);
  });

  it("are those of the card: another is -32601", async () => {
    const { code, message: said } = await new A2ABoard().error("coord/DropTable", {}, ON);
    expect([code, said]).toEqual([-32601, expect.stringContaining("coord/NextTask")]);
  });
});
