import { describe, expect, it } from "vitest";
import { A2ABoard, URI } from "./testing.ts";
import type { WireTask } from "./wire.ts";

interface Page {
  tasks: WireTask[];
  nextPageToken: string;
  pageSize: number;
  totalSize: number;
}

describe("ListTasks", () => {
  it("gives the latest status first, in pages that join without a gap", async () => {
    const a2a = new A2ABoard();
    const ids: string[] = [];
    for (let n = 0; n < 7; n += 1) ids.push((await a2a.post(`job ${n}`)).id);
    await a2a.board.call("tasks/claim", { id: ids[2]!, agent_id: "w" });
    const expected = [ids[2], ...[6, 5, 4, 3, 1, 0].map((n) => ids[n])];
    const seen: string[] = [];
    for (let pageToken = ""; ; ) {
      const page = await a2a.call<Page>("ListTasks", { pageSize: 3, pageToken });
      expect([page.pageSize, page.totalSize]).toEqual([3, 7]);
      seen.push(...page.tasks.map(({ id }) => id));
      if (page.nextPageToken === "") break;
      ({ nextPageToken: pageToken } = page);
    }
    expect(seen).toEqual(expected);
    const times = (await a2a.call<Page>("ListTasks", {})).tasks.map(({ status }) => status.timestamp);
    expect(times).toEqual([...times].sort().reverse());
  });

  it("filters by context, state and time", async () => {
    const a2a = new A2ABoard();
    const mine = await a2a.post("mine", undefined, { contextId: "ctx" });
    const other = await a2a.post("other");
    const { id: byHand } = await a2a.board.call("tasks/send", { name: "by hand" });
    await a2a.finish(other.id, "r");
    const ids = async (params: object) => {
      const { tasks, totalSize } = await a2a.call<Page>("ListTasks", params);
      expect(totalSize).toBe(tasks.length);
      return tasks.map(({ id }) => id);
    };
    expect(await ids({ contextId: "ctx" })).toEqual([mine.id]);
    expect(await ids({ contextId: byHand })).toEqual([byHand]);
    expect(await ids({ contextId: other.id })).toEqual([]);
    expect(await ids({ status: "TASK_STATE_COMPLETED" })).toEqual([other.id]);
    expect(await ids({ status: "TASK_STATE_SUBMITTED" })).toEqual([byHand, mine.id]);
    expect(await ids({ status: "TASK_STATE_REJECTED" })).toEqual([]);
    expect(await ids({ status: "TASK_STATE_SUBMITTED", contextId: "ctx" })).toEqual([mine.id]);
    const latest = (await a2a.get(other.id)).status.timestamp;
    expect(await ids({ statusTimestampAfter: latest })).toContain(other.id);
    expect(await ids({ statusTimestampAfter: "2999-01-01T00:00:00Z" })).toEqual([]);
    expect(await ids({ status: -1 })).toHaveLength(3);
  });

  it("brings artifacts only where asked, and history by its length", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("job");
    await a2a.finish(id, { x: 1 });
    const one = async (params: object) => (await a2a.call<Page>("ListTasks", params)).tasks[0]!;
    expect(await one({})).not.toHaveProperty("artifacts");
    expect((await one({ includeArtifacts: true })).artifacts).toHaveLength(1);
    expect(await one({ historyLength: 0 })).not.toHaveProperty("history");
    expect((await one({})).metadata[URI]).toMatchObject({ state: "completed" });
  });

  it("ends a page early rather than fill the memory, and says where it goes on", async () => {
    const a2a = new A2ABoard();
    const big = "x".repeat(60_000);
    const calls = Array.from({ length: 90 }, (_, n) => ({ name: `big ${n}`, description: big }));
    for (let at = 0; at < calls.length; at += 15) await a2a.board.batch("tasks/send", calls.slice(at, at + 15));
    const first = await a2a.call<Page>("ListTasks", { pageSize: 100 });
    expect(first.tasks.length).toBeLessThan(90);
    const second = await a2a.call<Page>("ListTasks", { pageSize: 100, pageToken: first.nextPageToken });
    expect(first.tasks.length + second.tasks.length).toBe(90);
  });
});
