import { describe, expect, it } from "vitest";
import { LIMITS } from "../../protocol/index.ts";
import { bindings, fetchWorker, freshName, HttpClient } from "../testing/pool.ts";

type Line = Record<string, unknown> & { table?: string; columns?: string[]; rows?: unknown[][] };

async function backupOf(name: string): Promise<Line[]> {
  const response = await fetchWorker(`/w/${name}/backup`);
  expect(response.status).toBe(200);
  return (await response.text())
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

function post(name: string, part: unknown, body = JSON.stringify(part)): Promise<Response> {
  return fetchWorker(`/w/${name}/restore`, { method: "POST", headers: { "content-type": "application/json" }, body });
}

/** A board at rest: nothing is touched while it is read, so its pages can be loaded as they come. */
async function board(): Promise<HttpClient> {
  const client = new HttpClient();
  const { id } = await client.call("tasks/send", { name: "first Ärger", labels: ["x"], description: "words" });
  await client.call("tasks/send", { name: "second", depends_on: [id] });
  await client.call("tasks/claim", { id, agent_id: "a" });
  await client.call("notes/add", { id, agent_id: "b", body: "look @a" });
  await client.call("tasks/complete", { id, agent_id: "a", result: { ok: 1 } });
  return client;
}

describe("a backup", () => {
  it("restored into an empty workspace is the same board: found by the same words, with the same log, and goes on", async () => {
    const from = await board();
    const to = new HttpClient();
    const lines = await backupOf(from.name);
    const pages = lines.filter((line) => line.table !== undefined);
    expect((await post(to.name, { begin: { schema: lines[0]!.schema } })).status).toBe(200);
    for (const page of pages) expect(await (await post(to.name, page)).json()).toEqual({ ok: true });
    expect((await post(to.name, { end: lines.at(-1)!.end })).status).toBe(200);

    for (const [method, params] of [
      ["tasks/list", {}],
      ["tasks/list", { q: "words" }],
      ["tasks/list", { name_contains: "ÄRGER" }],
      ["tasks/list", { label: "x" }],
      ["events/list", { after: 0 }],
      ["tasks/history", { id: "#1" }],
      ["tasks/graph", {}],
    ] as const) {
      expect(await to.call(method, params as never), method).toEqual(await from.call(method, params as never));
    }
    const verified = await (await fetchWorker(`/w/${to.name}/verify`)).json();
    expect(verified).toEqual({ checked: 2, problems: [], next: null, schema: lines[0]!.schema });
    const claimed = await to.call("tasks/next", { agent_id: "c" });
    expect(claimed!.number).toBe(2);
    expect((await to.call("workspace/info", {})).head).toBe((await from.call("workspace/info", {})).head + 2);
  });

  it("is refused where there is something, from a newer coord, with what does not belong, and with rows missing", async () => {
    const used = await board();
    const refused = async (name: string, part: unknown) => {
      const response = await post(name, part);
      return [response.status, ((await response.json()) as { error: { message: string } }).error.message];
    };
    const seen = { table: "agents", columns: ["id", "name", "type", "first_seen", "last_seen"], rows: [["x", "x", "agent", 1, 1]] };
    for (const part of [{ begin: { schema: 1 } }, seen, { end: { rows: {} } }]) {
      expect(await refused(used.name, part), "a board that is worked on").toEqual([400, expect.stringContaining("not empty")]);
    }
    expect(await refused(freshName(), { end: { rows: { "tasks; DROP TABLE notes": 1 } } })).toEqual([
      400,
      expect.stringContaining("table"),
    ]);
    for (const part of [{ begin: null }, { begin: {} }, { begin: { schema: "x" } }, { end: null }, { ...seen, columns: null }]) {
      const [status, message] = await refused(freshName(), part);
      expect([status, message]).toEqual([400, expect.not.stringMatching(/undefined|null \(|is not a function|reading '/)]);
    }
    expect(await refused(freshName(), { begin: { schema: 999 } })).toEqual([400, expect.stringContaining("newer coord")]);
    expect(await refused(freshName(), { table: "sqlite_master", columns: ["sql"], rows: [] })).toEqual([
      400,
      expect.stringContaining("sqlite_master"),
    ]);
    expect(await refused(freshName(), { table: "tasks", columns: ['id") SELECT'], rows: [] })).toEqual([
      400,
      expect.stringContaining("column"),
    ]);
    expect(await refused(freshName(), { table: "agents", columns: ["id"], rows: [["a"]] })).toEqual([
      400,
      expect.stringContaining("NOT NULL"),
    ]);
    expect(await refused(freshName(), { end: { rows: { tasks: 1 } } })).toEqual([400, expect.stringContaining("should have 1 rows")]);
    for (const part of [null, 1, {}, { table: "tasks" }, []]) expect((await refused(freshName(), part))[0]).toBe(400);
    expect((await post(freshName(), null, "{")).status).toBe(400);
  });

  it("comes in parts of a limited size", async () => {
    const response = await post(freshName(), null, `{"pad":"${"x".repeat(LIMITS.restore_bytes.value)}"}`);
    expect([response.status, (await response.json()) as object]).toEqual([
      413,
      { jsonrpc: "2.0", id: null, error: expect.objectContaining({ data: expect.objectContaining({ limit: "restore_bytes" }) }) },
    ]);
  });
});

describe("workspaces", () => {
  it("are named by the ids that their files have", async () => {
    const client = new HttpClient();
    await client.call("workspace/info", {});
    const id = bindings.WORKSPACE.idFromName(client.name).toString();
    const response = await fetchWorker(`/workspaces?id=${id}&id=nonsense`);
    expect(await response.json()).toEqual({ workspaces: [{ id, name: client.name }] });
  });
});
