import { describe, expect, it } from "vitest";
import { LIMITS } from "../../protocol/index.ts";
import { fetchWorker, HttpClient } from "../testing/pool.ts";

const ID = "6f0c8e3a-0000-8000-8000-000000000001";

async function post(name: string, body: string, type = "application/json"): Promise<[number, object]> {
  const response = await fetchWorker(`/w/${name}/import`, { method: "POST", headers: { "content-type": type }, body });
  return [response.status, (await response.json()) as object];
}

describe("POST /import", () => {
  it("answers what was created and what was there", async () => {
    const { name } = new HttpClient();
    const body = JSON.stringify({ tasks: [{ id: ID, name: "a", state: "pending" }] });
    expect(await post(name, body)).toEqual([200, { created: [{ id: ID, number: 1 }], existing: [], dry_run: false }]);
    expect(await post(name, body)).toEqual([200, { created: [], existing: [{ id: ID, number: 1 }], dry_run: false }]);
  });

  it("refuses what is none, field by field, and takes nothing of it", async () => {
    const board = new HttpClient();
    const refused = async (body: unknown) => {
      const [status, { error }] = (await post(board.name, typeof body === "string" ? body : JSON.stringify(body))) as [
        number,
        { error: { message: string } },
      ];
      expect(status, JSON.stringify(body)).toBeGreaterThanOrEqual(400);
      expect(status, JSON.stringify(body)).toBeLessThan(500);
      return error.message;
    };
    const task = { id: ID, name: "a", state: "pending" };
    for (const body of ["{", "", "null", "[]", "1", "{}", '"x"', "[".repeat(5000)]) await refused(body);
    expect(await refused({ tasks: [{ ...task, state: "claimed" }] })).toContain("tasks.0.state");
    expect(await refused({ tasks: [{ ...task, claimed_by: "mallory" }] })).toMatch(/claimed_by/);
    expect(await refused({ tasks: [{ ...task, id: "12" }] })).toContain("tasks.0.id");
    expect(await refused({ tasks: [task, { ...task, name: "" }] })).toContain("tasks.1.name");
    expect(await refused({ tasks: [{ ...task, notes: [" "] }] })).toContain("notes");
    expect(await refused({ tasks: [task], agent_id: " a" })).toContain("agent_id");
    expect((await post(board.name, "{}", "text/plain"))[0]).toBe(415);
    expect((await board.call("workspace/info", {})).head).toBe(0);
  });

  it("takes so many tasks and so many bytes at once", async () => {
    const { name } = new HttpClient();
    const over = async (body: string) => (await post(name, body))[1];
    const tasks = Array.from({ length: LIMITS.import_tasks.value + 1 }, () => ({ id: ID, name: "a", state: "pending" }));
    expect(await over(JSON.stringify({ tasks }))).toMatchObject({ error: { data: { limit: "import_tasks" } } });
    expect(await over(`{"pad":"${"x".repeat(LIMITS.import_bytes.value)}"}`)).toMatchObject({ error: { data: { limit: "import_bytes" } } });
  });
});
