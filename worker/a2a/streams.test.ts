import { describe, expect, it } from "vitest";
import { A2ABoard, message, type StreamEvent, URI } from "./testing.ts";

/** What a stream's event says, in short. */
function brief(event: StreamEvent | null): string {
  if (event?.task) return `task ${event.task.status.state.slice(11)}`;
  if (event?.artifactUpdate) return `artifact ${event.artifactUpdate.artifact.artifactId}`;
  if (!event?.statusUpdate) return "the end";
  const { state, message: said } = event.statusUpdate.status;
  return `${state.slice(11)}${said ? `: ${said.parts[0]!.text!.slice(0, 12)}` : ""}`;
}

describe("SendStreamingMessage", () => {
  it("begins with the task, tells every move with its words, and ends with the task", async () => {
    const a2a = new A2ABoard();
    const stream = await a2a.stream("SendStreamingMessage", { message: message("Write it"), metadata: { [URI]: { review: "required" } } });
    const { id } = (await stream.next())!.task!;
    await a2a.board.call("tasks/claim", { id, agent_id: "w" });
    await a2a.board.call("notes/add", { id, agent_id: "w", body: "Halfway" });
    await a2a.board.call("tasks/release", { id, agent_id: "w" });
    await a2a.finish(id, "first");
    await a2a.board.call("tasks/review", { id, agent_id: "boss", decision: "request_changes", body: "Shorter" });
    await a2a.finish(id, "second");
    await a2a.board.call("tasks/review", { id, agent_id: "boss", decision: "approve" });
    const rest = await stream.rest();
    expect(rest.map(brief)).toEqual([
      "WORKING",
      "WORKING: Halfway",
      "SUBMITTED",
      "WORKING",
      "artifact attempt-1",
      "INPUT_REQUIRED: Attempt 1 is",
      "SUBMITTED: Shorter",
      "WORKING",
      "artifact attempt-2",
      "INPUT_REQUIRED: Attempt 2 is",
      "INPUT_REQUIRED",
      "COMPLETED",
    ]);
    const seqs = rest.flatMap(({ statusUpdate }) => (statusUpdate ? [(statusUpdate.metadata[URI] as { seq: number }).seq] : []));
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    await a2a.board.waiting(0);
  });

  it("is the same for everybody who follows, whenever they began", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("Follow me");
    const early = await Promise.all([1, 2, 3].map(() => a2a.stream("SubscribeToTask", { id })));
    for (const stream of early) expect(brief(await stream.next())).toBe("task SUBMITTED");
    await a2a.board.call("tasks/claim", { id, agent_id: "w" });
    const late = await a2a.stream("SubscribeToTask", { id });
    expect(brief(await late.next())).toBe("task WORKING");
    for (let n = 0; n < 5; n += 1) await a2a.board.call("notes/add", { id, agent_id: "w", body: `note ${n}` });
    await a2a.board.call("tasks/complete", { id, agent_id: "w", result: "r" });
    const [first, second, third] = await Promise.all(early.map((stream) => stream.rest()));
    expect(second).toEqual(first);
    expect(third).toEqual(first);
    expect(await late.rest()).toEqual(first!.slice(1));
    expect(first!.map(brief)).toEqual(["WORKING", ...[0, 1, 2, 3, 4].map((n) => `WORKING: note ${n}`), "artifact attempt-1", "COMPLETED"]);
  });

  it("of a failed job ends there, though somebody may retry it", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("Fails");
    const stream = await a2a.stream("SubscribeToTask", { id });
    await stream.next();
    await a2a.board.call("tasks/claim", { id, agent_id: "w" });
    await a2a.board.call("tasks/fail", { id, agent_id: "w", reason: "no" });
    expect((await stream.rest()).map(brief)).toEqual(["WORKING", "FAILED: no"]);
  });

  it("goes on through what is no news to it", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("Edited");
    const stream = await a2a.stream("SubscribeToTask", { id });
    await stream.next();
    for (const priority of ["high", "low", "urgent"]) await a2a.board.call("tasks/update", { id, priority });
    await a2a.board.call("tasks/cancel", { id });
    expect((await stream.rest()).map(brief)).toEqual(["CANCELED"]);
  });
});

describe("a client that reads slowly", () => {
  it("gets everything in order, though more has happened than one answer of the board may hold", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("Follow me");
    const stream = await a2a.stream("SubscribeToTask", { id });
    await stream.next();
    const raw = "A".repeat(960 * 1024);
    for (let n = 0; n < 42; n += 1) {
      const parts = [{ text: `part ${n}` }, { raw, filename: "big.bin" }];
      const { body } = await a2a.ask("SendMessage", {
        message: message(parts, { taskId: id }),
        configuration: { returnImmediately: true, historyLength: 0 },
      });
      expect(body.error).toBeUndefined();
    }
    await a2a.board.call("tasks/cancel", { id });
    const told = (await stream.rest()).map(brief);
    expect(told).toEqual([...Array.from({ length: 42 }, (_, n) => `SUBMITTED: part ${n}`), "CANCELED"]);
  }, 60_000);

  it("and leaves leaves no waiter, however much it has not read", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("Follow me");
    const stream = await a2a.stream("SubscribeToTask", { id });
    for (let n = 0; n < 20; n += 1) await a2a.board.call("notes/add", { id, agent_id: "w", body: `note ${n}` });
    await stream.leave();
    await a2a.board.waiting(0);
  });
});

describe("a client that leaves", () => {
  it("in the middle of a stream leaves no waiter behind", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("Follow me");
    const streams = await Promise.all(Array.from({ length: 20 }, () => a2a.stream("SubscribeToTask", { id })));
    await Promise.all(streams.map((stream) => stream.next()));
    await a2a.board.waiting(20);
    await Promise.all(streams.map((stream) => stream.leave()));
    await a2a.board.waiting(0);
  });

  it("at once, before its question has reached the board, leaves none either", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("Follow me");
    for (let n = 0; n < 20; n += 1) await (await a2a.stream("SubscribeToTask", { id })).leave();
    await a2a.board.waiting(0);
  });

  it("while its message blocks leaves none, and its job stays", async () => {
    const a2a = new A2ABoard();
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "SendMessage", params: { message: message("Block") } });
    const response = await a2a.fetch(body);
    await a2a.board.waiting(1);
    await response.body!.cancel();
    await a2a.board.waiting(0);
    expect(await a2a.board.call("tasks/list", {})).toHaveLength(1);
  });
});

describe("a server that stops", () => {
  it("ends streams, and answers a blocking message with how far it came", async () => {
    const a2a = new A2ABoard();
    const stream = await a2a.stream("SendStreamingMessage", { message: message("Follow") });
    await stream.next();
    const blocking = a2a.call<{ task: { status: { state: string } } }>("SendMessage", { message: message("Block") });
    await a2a.board.waiting(2);
    await a2a.board.stub.bye("stopping");
    expect(await stream.rest()).toEqual([]);
    expect((await blocking).task.status.state).toBe("TASK_STATE_SUBMITTED");
    await a2a.board.waiting(0);
  });
});
