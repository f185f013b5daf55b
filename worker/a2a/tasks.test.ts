import { describe, expect, it } from "vitest";
import { A2ABoard, message, URI } from "./testing.ts";
import type { WireTask } from "./wire.ts";

describe("SendMessage", () => {
  it("posts a job: the first line is its name, the text its description, one datum its payload", async () => {
    const a2a = new A2ABoard();
    const task = await a2a.post([{ text: "Fix the login\n\nIt fails on CI." }, { data: { run: 7 } }], {
      priority: "high",
      labels: ["ci"],
      kind: "bug",
      agentId: "poster",
    });
    expect(task.status.state).toBe("TASK_STATE_SUBMITTED");
    expect(task.contextId).toMatch(/^[0-9a-f-]{36}$/);
    const own = await a2a.board.call("tasks/get", { id: task.id });
    expect(own).toMatchObject({
      name: "Fix the login",
      description: "Fix the login\n\nIt fails on CI.",
      payload: { run: 7 },
      priority: "high",
      labels: ["ci"],
      kind: "bug",
      created_by: "poster",
      state: "pending",
    });
    expect(task.history).toEqual([expect.objectContaining({ taskId: task.id, contextId: task.contextId, role: "ROLE_USER" })]);
  });

  it("keeps every part, the message's id and metadata as they came", async () => {
    const a2a = new A2ABoard();
    const parts = [
      { text: "Look at these", metadata: { lang: "en" } },
      { raw: "aGVsbG8=", filename: "a.txt", mediaType: "text/plain" },
      { url: "https://files.example/b.pdf", mediaType: "application/pdf" },
      { data: [1, "two", null] },
    ];
    const sent = message(parts, { contextId: "ctx-1", metadata: { mine: true }, referenceTaskIds: ["elsewhere"] });
    const { task } = await a2a.call<{ task: WireTask }>("SendMessage", { message: sent, configuration: { returnImmediately: true } });
    expect(task.contextId).toBe("ctx-1");
    expect((await a2a.get(task.id)).history).toEqual([{ ...sent, taskId: task.id }]);
    expect((await a2a.board.call("tasks/get", { id: task.id }))?.payload).toEqual({ parts: parts.slice(1) });
  });

  it("blocks until the job is over, and brings its result", async () => {
    const a2a = new A2ABoard();
    const asked = a2a.call<{ task: WireTask }>("SendMessage", { message: message("Answer me") });
    const [own] = await until(
      () => a2a.board.call("tasks/list", { limit: 1 }) as Promise<{ id: string }[]>,
      (list) => list.length === 1,
    );
    await a2a.board.waiting(1);
    await a2a.finish(own!.id, { answer: 42 });
    const { task } = await asked;
    expect(task).toMatchObject({ id: own!.id, status: { state: "TASK_STATE_COMPLETED" } });
    expect(task.artifacts).toEqual([expect.objectContaining({ artifactId: "attempt-1", parts: [{ data: { answer: 42 } }] })]);
    await a2a.board.waiting(0);
  });

  it("blocks no longer than to the review, where somebody must decide", async () => {
    const a2a = new A2ABoard();
    const asked = a2a.call<{ task: WireTask }>("SendMessage", {
      message: message("Judge me"),
      metadata: { [URI]: { review: "required" } },
    });
    const [own] = await until(
      () => a2a.board.call("tasks/list", { limit: 1 }) as Promise<{ id: string }[]>,
      (list) => list.length === 1,
    );
    await a2a.finish(own!.id, "text result");
    const { task } = await asked;
    expect(task.status.state).toBe("TASK_STATE_INPUT_REQUIRED");
    expect(task.status.message?.parts[0]?.text).toContain("decision");
    expect(task.artifacts?.[0]?.parts).toEqual([{ text: "text result" }]);
  });

  it("sent twice, word for word, is one job", async () => {
    const a2a = new A2ABoard();
    const params = { message: message("Once"), configuration: { returnImmediately: true } };
    const [one, two] = [
      await a2a.call<{ task: WireTask }>("SendMessage", params),
      await a2a.call<{ task: WireTask }>("SendMessage", params),
    ];
    expect(two.task.id).toBe(one.task.id);
    expect(await a2a.board.call("tasks/list", {})).toHaveLength(1);
  });

  it("to a task that is worked on is a note, by role as it came", async () => {
    const a2a = new A2ABoard();
    const { id, contextId } = await a2a.post("Work on this");
    await a2a.board.call("tasks/claim", { id, agent_id: "worker" });
    const params = {
      message: message([{ text: "Mind the gap" }, { data: { at: 3 } }], { taskId: id }),
      configuration: { returnImmediately: true },
    };
    const { task } = await a2a.call<{ task: WireTask }>("SendMessage", params);
    expect(task).toMatchObject({
      id,
      contextId,
      status: { state: "TASK_STATE_WORKING", message: { parts: [{ text: "Mind the gap" }, { data: { at: 3 } }] } },
    });
    const [note] = await a2a.board.call("notes/list", { id });
    expect(note).toMatchObject({ author: "a2a", body: expect.stringContaining("Mind the gap") });
    expect(note!.body).toContain('"at": 3');
    await a2a.board.call("notes/add", { id, agent_id: "worker", body: "I do" });
    await a2a.board.call("notes/add", { id, agent_id: "a2a", body: "from the shell" });
    const { history } = await a2a.get(id);
    expect(history!.map((one) => [one.role, one.parts[0]!.text])).toEqual([
      ["ROLE_USER", "Work on this"],
      ["ROLE_USER", "Mind the gap"],
      ["ROLE_AGENT", "I do"],
      ["ROLE_USER", "from the shell"],
    ]);
  });

  it("decides on what is in review: changes continue the same task, an approval completes it", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("Write it", { review: "required" });
    await a2a.finish(id, "first");
    const decide = (text: string, decision?: string) =>
      a2a.call<{ task: WireTask }>("SendMessage", {
        message: message(text, { taskId: id, ...(decision ? { metadata: { [URI]: { decision } } } : {}) }),
        configuration: { returnImmediately: true },
      });
    expect((await decide("Hm.")).task.status).toMatchObject({ state: "TASK_STATE_INPUT_REQUIRED", message: { parts: [{ text: "Hm." }] } });
    const sentBack = (await decide("Shorter, please", "request_changes")).task;
    expect(sentBack.status).toMatchObject({
      state: "TASK_STATE_SUBMITTED",
      message: { role: "ROLE_USER", parts: [{ text: "Shorter, please" }] },
    });
    await a2a.finish(id, "second");
    const approved = (await decide("Good", "approve")).task;
    expect(approved.status.state).toBe("TASK_STATE_COMPLETED");
    expect(approved.artifacts!.map((one) => [one.artifactId, one.parts[0]!.text])).toEqual([
      ["attempt-1", "first"],
      ["attempt-2", "second"],
    ]);
    expect(approved.history!.map((one) => one.parts[0]!.text)).toEqual(["Write it", "Hm.", "Shorter, please", "Good"]);
  });
});

describe("the answer's history", () => {
  it("is as long as the message asks for, alone and in a stream", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("one");
    for (const body of ["two", "three"]) await a2a.board.call("notes/add", { id, agent_id: "x", body });
    const send = (historyLength: number) => ({
      message: message("four", { taskId: id }),
      configuration: { returnImmediately: true, historyLength },
    });
    expect((await a2a.call<{ task: WireTask }>("SendMessage", send(0))).task).not.toHaveProperty("history");
    const { task } = await a2a.call<{ task: WireTask }>("SendMessage", send(2));
    expect(task.history!.map((one) => one.parts[0]!.text)).toEqual(["four", "four"]);
    const stream = await a2a.stream("SendStreamingMessage", send(1));
    expect((await stream.next())!.task!.history).toHaveLength(1);
    await stream.leave();
    await a2a.board.waiting(0);
  });
});

describe("a context", () => {
  it("that a client names is shared by all the jobs that it posts there; one that it does not name is new", async () => {
    const a2a = new A2ABoard();
    const [one, two, other] = [
      await a2a.post("one", undefined, { contextId: "ctx" }),
      await a2a.post("two", undefined, { contextId: "ctx" }),
      await a2a.post("three"),
    ];
    expect([one.contextId, two.contextId, other.contextId === "ctx", one.id === two.id]).toEqual(["ctx", "ctx", false, false]);
    const { tasks } = await a2a.call<{ tasks: WireTask[] }>("ListTasks", { contextId: "ctx" });
    expect(tasks.map(({ id }) => id)).toEqual([two.id, one.id]);
  });
});

describe("what was posted another way", () => {
  it("is an A2A task while it moves: SUBMITTED, WORKING, SUBMITTED again, FAILED", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.board.call("tasks/send", {
      name: "By hand",
      description: "More of it",
      payload: [1],
      agent_id: "me",
      state: "backlog",
    });
    const state = async () => (await a2a.get(id)).status.state;
    expect(await state()).toBe("TASK_STATE_SUBMITTED");
    await a2a.board.call("tasks/ready", { id });
    await a2a.board.call("tasks/claim", { id, agent_id: "w" });
    expect(await state()).toBe("TASK_STATE_WORKING");
    await a2a.board.call("tasks/release", { id, agent_id: "w", reason: "lunch" });
    expect((await a2a.get(id)).status).toMatchObject({ state: "TASK_STATE_SUBMITTED", message: { parts: [{ text: "lunch" }] } });
    await a2a.board.call("tasks/claim", { id, agent_id: "w" });
    await a2a.board.call("tasks/fail", { id, agent_id: "w", reason: "no way" });
    const task = await a2a.get(id);
    expect(task.status).toMatchObject({ state: "TASK_STATE_FAILED", message: { role: "ROLE_AGENT", parts: [{ text: "no way" }] } });
    expect(task.contextId).toBe(id);
    expect(task.history![0]).toMatchObject({ messageId: id, role: "ROLE_USER", parts: [{ text: "By hand\n\nMore of it" }, { data: [1] }] });
    expect(task.metadata[URI]).toMatchObject({ number: 1, state: "failed", createdBy: "me", claimedBy: "w", attempt: 1 });
  });

  it("an announcement is COMPLETED at once", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.board.call("tasks/send", { name: "We use tabs", kind: "decision" });
    expect((await a2a.get(id)).status.state).toBe("TASK_STATE_COMPLETED");
  });

  it("a note that was retracted is in no history, and one that was purged is nowhere", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("Secrets");
    await a2a.call("SendMessage", { message: message("password is hunter2", { taskId: id }), configuration: { returnImmediately: true } });
    const [note] = await a2a.board.call("notes/list", { id });
    await a2a.board.call("notes/purge", { note_id: note!.note_id, reason: "leaked" });
    expect(JSON.stringify(await a2a.get(id))).not.toContain("hunter2");
    expect(JSON.stringify(await a2a.call("ListTasks", {}))).not.toContain("hunter2");
  });
});

describe("GetTask", () => {
  it("gives as much history as is asked for", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("one");
    for (const body of ["two", "three"]) await a2a.board.call("notes/add", { id, agent_id: "x", body });
    const texts = async (params: object) => (await a2a.get(id, params)).history?.map((one) => one.parts[0]!.text);
    expect(await texts({})).toEqual(["one", "two", "three"]);
    expect(await texts({ historyLength: 2 })).toEqual(["two", "three"]);
    expect(await texts({ historyLength: 0 })).toBeUndefined();
    expect(await texts({ historyLength: 100 })).toEqual(["one", "two", "three"]);
  });

  it("takes #number and a prefix as well, like everything here", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("one");
    expect((await a2a.get("#1")).id).toBe(id);
    expect((await a2a.get(id.slice(0, 8))).id).toBe(id);
  });
});

describe("CancelTask", () => {
  it("calls a job off, with its reason, whoever holds it", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("Never mind");
    await a2a.board.call("tasks/claim", { id, agent_id: "w" });
    const task = await a2a.call<WireTask>("CancelTask", { id, metadata: { [URI]: { reason: "changed my mind", agentId: "boss" } } });
    expect(task.status).toMatchObject({ state: "TASK_STATE_CANCELED", message: { parts: [{ text: "changed my mind" }] } });
    expect((await a2a.board.call("tasks/get", { id }))?.state).toBe("cancelled");
  });

  it("refuses what is over", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("Done soon");
    await a2a.finish(id, null);
    const { code, data } = await a2a.error("CancelTask", { id });
    expect([code, data[0]]).toMatchObject([
      -32002,
      { reason: "TASK_NOT_CANCELABLE", domain: "a2a-protocol.org", metadata: { state: "completed" } },
    ]);
  });
});

async function until<T>(look: () => Promise<T>, fits: (value: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 500; tries += 1) {
    const value = await look();
    if (fits(value)) return value;
  }
  throw new Error("it did not come true");
}
