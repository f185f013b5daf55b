import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { CLAIM_ENDS, STATE_NAMES } from "../../protocol/index.ts";
import { HttpClient } from "../testing/pool.ts";

/** A board with a pending, a claimed, a completed and a cancelled job, and a note; `attempt` runs a statement on its database. */
async function board(): Promise<(sql: string) => Promise<string>> {
  const http = new HttpClient();
  for (const name of ["pending", "claimed", "completed", "cancelled"]) await http.call("tasks/send", { name });
  for (const id of ["#2", "#3"]) await http.call("tasks/claim", { id, agent_id: "a" });
  await http.call("tasks/complete", { id: "#3", agent_id: "a" });
  await http.call("tasks/cancel", { id: "#4" });
  await http.call("notes/add", { id: "#1", agent_id: "a", body: "said" });
  return (sql) =>
    runInDurableObject(http.stub, (_object, state) => {
      try {
        state.storage.transactionSync(() => state.storage.sql.exec(sql).toArray());
        return "done";
      } catch (error) {
        return String(error);
      }
    });
}

const UPDATE = (set: string, number: number) => `UPDATE tasks SET ${set} WHERE number = ${number}`;

/** Statements that a bug could make, and why the database does not take them. */
const REFUSED: readonly [string, string, RegExp][] = [
  ["rewriting the log", "UPDATE events SET data = '{}' WHERE seq = 1", /append-only/],
  ["erasing the log", "DELETE FROM events WHERE seq = 1", /append-only/],
  ["erasing all of the log", "DELETE FROM events", /append-only/],
  ["a gap in the log", "INSERT INTO events (seq, at, type, principal, data) VALUES (1000, 0, 'task.created', 'x', '{}')", /no gaps/],
  [
    "an event that is not JSON",
    "INSERT INTO events (seq, at, type, principal, data) SELECT max(seq) + 1, 0, 'x', 'x', '{' FROM events",
    /CHECK/,
  ],
  ["rewriting a note", "UPDATE notes SET author = 'b'", /for ever|note/],
  ["erasing a note", "DELETE FROM notes", /for ever/],
  ["erasing a task", "DELETE FROM tasks WHERE number = 1", /never deleted/],
  ["leaving completed", UPDATE("state = 'pending', claimed_by = NULL", 3), /for ever/],
  ["leaving cancelled", UPDATE("state = 'pending'", 4), /for ever/],
  ["a state that there is not", UPDATE("state = 'paused'", 1), /CHECK/],
  ["a hold without a holder", UPDATE("claimed_by = NULL", 2), /CHECK/],
  ["a hold without a token", UPDATE("claim_id = NULL", 2), /CHECK/],
  ["a hold without a time", UPDATE("claimed_at = NULL", 2), /CHECK/],
  ["an agent's hold without a deadline", UPDATE("lease_until = NULL", 2), /CHECK/],
  ["a hold of a job that is held up", UPDATE("dependencies = 1, blocked = 1", 2), /CHECK/],
  ["a token that nobody holds", UPDATE("claim_id = 'x'", 1), /CHECK/],
  ["a deadline that nobody has", UPDATE("lease_until = 1", 1), /CHECK/],
  ["a holder of what is open to all", UPDATE("claimed_by = 'x'", 1), /CHECK/],
  ["a finished job with an attempt going on", UPDATE("attempt_open = 1", 3), /CHECK/],
  ["more blockers than dependencies", UPDATE("blocked = 1", 1), /CHECK/],
  ["blockers below zero", UPDATE("blocked = -1", 1), /CHECK/],
  ["a name of nothing", UPDATE("name = ''", 1), /CHECK/],
  ["a payload that is not JSON", UPDATE("payload = 'x'", 1), /CHECK/],
  ["labels that are not JSON", UPDATE("labels = 'x'", 1), /CHECK/],
  ["a performer that there is not", UPDATE("performer = 'robot'", 1), /CHECK/],
  ["a review that there is not", UPDATE("review = 'maybe'", 1), /CHECK/],
  ["text in a number's place", UPDATE("created_at = 'today'", 1), /cannot store TEXT|datatype/],
  ["a job that waits for itself", "INSERT INTO dependencies (number, depends_on) VALUES (1, 1)", /CHECK/],
  ["a dependency on what is not there", "INSERT INTO dependencies (number, depends_on) VALUES (1, 99)", /FOREIGN KEY/],
  ["a claim that ended in no way", `UPDATE claims SET "end" = 'vanished'`, /CHECK/],
  ["an agent that is neither", "UPDATE agents SET type = 'cat'", /CHECK/],
];

describe("the database", () => {
  it.each(REFUSED)("refuses %s", async (_what, sql, why) => {
    expect(await (await board())(sql)).toMatch(why);
  });

  it("takes exactly the states and ends of the protocol's tables", async () => {
    const attempt = await board();
    for (const state of STATE_NAMES.filter((name) => name !== "claimed")) {
      const result =
        await attempt(`INSERT INTO tasks (id, name, folded_name, kind, priority, rank, state, performer, description, review, created_at, updated_at)
        VALUES ('${state}', 'x', 'x', 'x', 'x', 0, '${state}', 'agent', '', 'none', 0, 0)`);
      expect(result, state).toBe("done");
    }
    for (const end of CLAIM_ENDS) {
      const sql = `INSERT INTO claims (claim_id, number, agent_id, attempt, claimed_at, ended_at, "end") VALUES ('${end}', 1, 'a', 1, 0, 0, '${end}')`;
      expect(await attempt(sql), end).toBe("done");
    }
  });
});
