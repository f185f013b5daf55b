import { describe, expect, it } from "vitest";
import { LIMITS, type LimitName, type RpcError, type Task } from "../../protocol/index.ts";
import type { Board, Connect } from "./client.ts";

const over = (name: LimitName) => LIMITS[name].value + 1;
const letters = (name: LimitName) => "x".repeat(over(name));
/** A JSON string that is one byte over, in letters of two bytes each. */
const bytes = (name: LimitName) => "é".repeat(LIMITS[name].value / 2);
const words = (name: LimitName) => Array.from({ length: over(name) }, (_, n) => `w${n}`);
const ids = (count: number): string[] => Array.from({ length: count }, () => crypto.randomUUID());

async function held(board: Board): Promise<string> {
  const { id } = await board.call("tasks/send", { name: "job" });
  await board.call("tasks/claim", { id, agent_id: "a" });
  return id;
}

async function error(reply: { text(): Promise<string> }): Promise<RpcError> {
  return JSON.parse(await reply.text()).error;
}

async function inOneSession(board: Board, method: string, params: object, count: number): Promise<RpcError> {
  const session = await board.session();
  const calls = Array.from({ length: count }, () => session.send(method, params));
  return (await session.answer(calls.at(-1)!)).error!;
}

type Case = (board: Board) => Promise<RpcError>;

/** How a caller exceeds each limit, or why it cannot. A limit without a line here does not compile. */
const CASES: Record<LimitName, Case | string> = {
  body_bytes: async (board) => error(await board.post(`{"pad":"${"x".repeat(LIMITS.body_bytes.value)}"}`)),
  batch_calls: async (board) => error(await board.post(JSON.stringify(words("batch_calls")))),
  json_depth: (board) => board.refusal("tasks/send", { name: "x", payload: JSON.parse("[".repeat(101) + "]".repeat(101)) }),
  name_chars: (board) => board.refusal("tasks/send", { name: letters("name_chars") }),
  kind_chars: (board) => board.refusal("tasks/send", { name: "x", kind: letters("kind_chars") }),
  priority_chars: (board) => board.refusal("tasks/send", { name: "x", priority: letters("priority_chars") }),
  payload_bytes: (board) => board.refusal("tasks/send", { name: "x", payload: bytes("payload_bytes") }),
  result_bytes: async (board) => board.refusal("tasks/complete", { id: await held(board), result: bytes("result_bytes") }),
  description_bytes: (board) => board.refusal("tasks/send", { name: "x", description: `${bytes("description_bytes")}.` }),
  reason_chars: async (board) => board.refusal("tasks/fail", { id: await held(board), reason: letters("reason_chars") }),
  labels: (board) => board.refusal("tasks/send", { name: "x", labels: words("labels") }),
  label_chars: (board) => board.refusal("tasks/send", { name: "x", labels: [letters("label_chars")] }),
  depends_on: (board) => board.refusal("tasks/send", { name: "x", depends_on: ids(over("depends_on")) }),
  dependency_depth: "scenarios/plans.ts",
  note_bytes: async (board) => board.refusal("notes/add", { id: await held(board), agent_id: "a", body: `${bytes("note_bytes")}.` }),
  required_approvals: (board) =>
    board.refusal("tasks/send", { name: "x", review: "required", required_approvals: over("required_approvals") }),
  filter_ids: (board) => board.refusal("tasks/wait", { filter: { ids: ids(over("filter_ids")) } }),
  filter_values: (board) => board.refusal("tasks/list", { kind: words("filter_values") }),
  filter_text_chars: (board) => board.refusal("tasks/next", { agent_id: "a", filter: { name_contains: letters("filter_text_chars") } }),
  idempotency_key_chars: (board) => board.refusal("tasks/send", { name: "x", idempotency_key: letters("idempotency_key_chars") }),
  agent_id_chars: (board) => board.refusal("agents/heartbeat", { id: letters("agent_id_chars"), name: "x" }),
  workspace_chars: async (board) => {
    const headers = { "content-type": "application/json" };
    return error(await board.transport.fetch(`/w/${letters("workspace_chars")}/`, { method: "POST", body: "{}", headers }));
  },
  session_waits: (board) => inOneSession(board, "tasks/wait", { filter: { kind: "ack" } }, over("session_waits")),
  session_subscriptions: (board) => inOneSession(board, "events/subscribe", {}, over("session_subscriptions")),
  attachment_bytes: (board) => inOneSession(board, "tasks/wait", { filter: { ids: ids(LIMITS.filter_ids.value) } }, 5),
  unread_chars: "it ends the session: worker/session/unread.test.ts and tests/faults/sockets.test.ts",
  restore_bytes: "worker/http/backup.test.ts",
  import_bytes: "worker/http/import.test.ts",
  import_tasks: "worker/http/import.test.ts",
  page_chars: "a page ends early: scenarios/large.ts",
  answer_chars: "takes a large board: scenarios/large.ts",
  push_configs: "worker/a2a/push.test.ts",
  push_url_chars: "worker/a2a/push.test.ts",
  push_secret_chars: "worker/a2a/push.test.ts",
  push_failures: "time, not size: worker/a2a/courier.test.ts",
  push_hours: "time, not size: worker/a2a/courier.test.ts",
  sessions: "ten thousand sockets are more than a test should open",
  list_rows: "clamped: scenarios/filters.ts",
  wait_ms: "clamped: scenarios/wire.ts",
  lease_min_seconds: "clamped: scenarios/wire.ts",
  lease_max_seconds: "clamped: scenarios/wire.ts",
  idempotency_hours: "time, not size: worker/clock.test.ts",
};
const EXCEEDABLE = (Object.keys(CASES) as LimitName[]).flatMap((name) => {
  const exceed = CASES[name];
  return typeof exceed === "string" ? [] : [[name, exceed] as const];
});

/** Every limit that a caller can exceed answers by a refusal that names it; what is just within is taken. */
export function limits(connect: Connect): void {
  describe("a limit", () => {
    it.each(EXCEEDABLE)("%s is answered by name, and changes nothing", async (name, exceed) => {
      const board = connect();
      const refusal = await exceed(board);
      expect([refusal.code, refusal.data.code, refusal.data.limit, refusal.data.value, refusal.data.unit]).toEqual([
        -32005,
        "limit",
        name,
        LIMITS[name].value,
        LIMITS[name].unit,
      ]);
      expect(refusal.message).toContain(name);
      const { head } = await board.call("workspace/info", {});
      await board.call("agents/list", {});
      expect((await board.call("workspace/info", {})).head).toBe(head);
    });

    it("is not reached by what is just as long as it allows", async () => {
      const board = connect();
      const word = (name: LimitName) => letters(name).slice(1);
      const blockers = await board.batch(
        "tasks/send",
        words("depends_on")
          .slice(1)
          .map((name) => ({ name })),
      );
      const task = await board.call("tasks/send", {
        name: word("name_chars"),
        kind: word("kind_chars"),
        priority: word("priority_chars"),
        payload: `${bytes("payload_bytes").slice(1)}`,
        description: bytes("description_bytes"),
        labels: words("labels")
          .slice(1)
          .map((label) => label.padEnd(LIMITS.label_chars.value, "x")),
        depends_on: blockers.map((blocker) => blocker.id),
        agent_id: word("agent_id_chars"),
        idempotency_key: word("idempotency_key_chars"),
      });
      expect(task.held).toEqual({ reason: "dependencies", blockers: blockers.map((blocker) => blocker.id) });
      const filter = { ids: ids(LIMITS.filter_ids.value - 1).concat(task.id), kind: words("filter_values").slice(2).concat(task.kind) };
      expect(((await board.call("tasks/list", filter)) as Task[]).map((one) => one.id)).toEqual([task.id]);
    });

    it("of a body counts bytes as they come, whether or not the length is declared, over HTTP and over a session", async () => {
      const board = connect();
      const most = LIMITS.body_bytes.value;
      const padded = (size: number, letter: string) => {
        const head = '{"jsonrpc":"2.0","id":9,"method":"agents/list","params":{"pad":"';
        const room = size - head.length - 3;
        const width = new TextEncoder().encode(letter).length;
        return `${head}${letter.repeat(Math.floor(room / width))}${"x".repeat(room % width)}"}}`;
      };
      expect(JSON.parse(await (await board.post(padded(most, "x"))).text()).result).toEqual([]);
      for (const letter of ["x", "日"]) {
        const reply = await board.post(padded(most + 1, letter));
        expect([reply.status, (await error(reply)).data.limit], letter).toEqual([413, "body_bytes"]);
        const session = await board.session();
        session.frame(padded(most + 1, letter));
        const answer = await session.next(() => true);
        expect([answer.error?.code, answer.error?.data.limit], `a frame of ${letter}`).toEqual([-32005, "body_bytes"]);
        expect((await session.call("workspace/info", {})).sessions).toBe(1);
        session.close();
        await board.waiting(0);
      }
    });
  });
}
