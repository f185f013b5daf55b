import { describe, expect, it } from "vitest";
import type { Answer, Board, Connect } from "./client.ts";

/** Too deep a nesting is over a limit, or a wrong parameter: either says so. */
const TOO_DEEP = [-32005, -32602];

/** Bodies that are no call: each by itself, with the code it is refused with and the id that it is answered under. */
const BROKEN: readonly [string, string, number | readonly number[], unknown?][] = [
  ["nothing", "", -32700],
  ["half an object", '{"jsonrpc":"2.0","id":1,"method":"tasks/li', -32700],
  ["words", "tasks/list", -32700],
  ["two values", "{} {}", -32700],
  ["single quotes", "{'method':'tasks/list'}", -32700],
  ["NaN", '{"jsonrpc":"2.0","id":NaN,"method":"tasks/list"}', -32700],
  ["null", "null", -32600],
  ["a number", "42", -32600],
  ["a string", '"tasks/list"', -32600],
  ["true", "true", -32600],
  ["an empty object", "{}", -32600],
  ["an empty batch", "[]", -32600],
  ["no method", '{"jsonrpc":"2.0","id":5}', -32600, 5],
  ["an empty method", '{"jsonrpc":"2.0","id":5,"method":""}', -32600, 5],
  ["a method that is a number", '{"jsonrpc":"2.0","id":5,"method":1}', -32600, 5],
  ["another version", '{"jsonrpc":"1.0","id":5,"method":"tasks/list"}', -32600, 5],
  ["a version that is a number", '{"jsonrpc":2.0,"id":5,"method":"tasks/list"}', -32600, 5],
  ["parameters by position", '{"jsonrpc":"2.0","id":5,"method":"tasks/list","params":[1,2]}', -32602, 5],
  ["parameters that are a string", '{"jsonrpc":"2.0","id":5,"method":"tasks/list","params":"x"}', -32602, 5],
  ["an id that is an object", '{"jsonrpc":"2.0","id":{},"method":"tasks/list"}', -32600],
  ["an id that is an array", '{"jsonrpc":"2.0","id":[1],"method":"tasks/list"}', -32600],
  ["an id that is true", '{"jsonrpc":"2.0","id":true,"method":"tasks/list"}', -32600],
  ["an id as long as a book", `{"jsonrpc":"2.0","id":"${"i".repeat(5000)}","method":"tasks/list"}`, -32600],
  ["an id beyond numbers", '{"jsonrpc":"2.0","id":1e999,"method":"tasks/list"}', -32600],
  ["a method that is not there", '{"jsonrpc":"2.0","id":5,"method":"tasks/steal"}', -32601, 5],
  ["a method of Object", '{"jsonrpc":"2.0","id":5,"method":"constructor"}', -32601, 5],
  ["a method of the prototype", '{"jsonrpc":"2.0","id":5,"method":"__proto__"}', -32601, 5],
  ["a method as long as a book", `{"jsonrpc":"2.0","id":5,"method":"${"m".repeat(100_000)}"}`, -32601, 5],
  ["NUL in a name", '{"jsonrpc":"2.0","id":5,"method":"tasks/send","params":{"name":"a\\u0000b"}}', -32602, 5],
  ["a line feed in a handle", '{"jsonrpc":"2.0","id":5,"method":"agents/heartbeat","params":{"id":"a\\nb","name":"x"}}', -32602, 5],
  ["no name", '{"jsonrpc":"2.0","id":5,"method":"tasks/send","params":{}}', -32602, 5],
  ["a name only in a prototype", '{"jsonrpc":"2.0","id":5,"method":"tasks/send","params":{"__proto__":{"name":"evil"}}}', -32602, 5],
  ["a name twice", '{"jsonrpc":"2.0","id":5,"method":"tasks/complete","params":{"id":"#1","agentId":"a","agent_id":"b"}}', -32602, 5],
  [
    "a payload nested too deep",
    `{"jsonrpc":"2.0","id":5,"method":"tasks/send","params":{"name":"x","payload":${nested(5_000)}}}`,
    TOO_DEEP,
    5,
  ],
  [
    "a payload nested far too deep",
    `{"jsonrpc":"2.0","id":5,"method":"tasks/send","params":{"name":"x","payload":${nested(100_000)}}}`,
    TOO_DEEP,
    5,
  ],
  ["a filter nested far too deep", `{"jsonrpc":"2.0","id":5,"method":"tasks/list","params":{"state":${nested(50_000)}}}`, TOO_DEEP, 5],
  ["an array nested far too deep", nested(100_000), [-32600, ...TOO_DEEP]],
];

function nested(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}

async function stillWorks(board: Board): Promise<void> {
  const { id } = await board.call("tasks/send", { name: "still here" });
  expect((await board.call("tasks/get", { id }))!.name).toBe("still here");
}

/** The answer, or the only answer of a batch of one. */
function only(text: string): Answer {
  const answer = JSON.parse(text);
  return Array.isArray(answer) ? answer[0] : answer;
}

/** What is malformed is refused clearly and by itself; nothing is a bug, and nothing breaks what comes next (JSON-RPC 2.0 §4–6). */
export function frames(connect: Connect): void {
  describe("a malformed call", () => {
    it.each(BROKEN)("%s: is refused over HTTP", async (_what, body, code, id = null) => {
      const board = connect();
      const reply = await board.post(body);
      const answer = only(await reply.text());
      expect([code].flat()).toContain(answer.error?.code);
      if (code !== TOO_DEEP) expect(answer.id).toBe(id);
      expect(answer.jsonrpc).toBe("2.0");
      expect(answer.error!.message.length).toBeLessThan(600);
      expect(answer.error!.data).toMatchObject({ code: expect.any(String), remedy: expect.any(String) });
      expect(reply.status).toBeLessThan(500);
      await stillWorks(board);
    });

    it("each in turn is refused over one session, which goes on", async () => {
      const board = connect();
      const session = await board.session();
      for (const [what, body, code, id = null] of BROKEN) {
        session.frame(body);
        const first = (await session.next(() => true)) as Answer | Answer[];
        const answer = Array.isArray(first) ? first[0]! : first;
        expect([code].flat(), what).toContain(answer.error?.code);
        if (code !== TOO_DEEP) expect(answer.id, what).toBe(id);
        expect((await session.call("workspace/info", {})).sessions, what).toBe(1);
      }
      session.close();
    });

    it("a binary frame is refused over a session, which goes on", async () => {
      const session = await connect().session();
      session.frame(new Uint8Array([1, 2, 3, 255]));
      const answer = await session.next<Answer>(() => true);
      expect([answer.error!.code, answer.id]).toEqual([-32600, null]);
      expect((await session.call("workspace/info", {})).sessions).toBe(1);
    });

    it("bytes that are not UTF-8 are refused over HTTP", async () => {
      const board = connect();
      const answer = JSON.parse(await (await board.post(new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]))).text());
      expect(answer.error.code).toBe(-32700);
    });

    it("names the field and what was expected of it", async () => {
      const board = connect();
      const cases: [string, object, string][] = [
        ["tasks/send", { name: 5 }, "name"],
        ["tasks/send", { name: "x", labels: "ui" }, "labels"],
        ["tasks/send", { name: "x", performer: "robot" }, "performer"],
        ["tasks/send", { name: "x", state: "completed" }, "state"],
        ["tasks/send", { name: "x", kind: "ack", state: "backlog" }, "state"],
        ["tasks/claim", { id: "#1" }, "agent_id"],
        ["tasks/next", { agent_id: " padded " }, "agent_id"],
        ["tasks/next", { agent_id: "a", filter: { state: 7 } }, "filter.state"],
        ["tasks/complete", { id: "#1", claim_id: "not a uuid" }, "claim_id"],
        ["tasks/fail", { id: "#1" }, "reason"],
        ["events/list", { after: "1" }, "after"],
      ];
      for (const [method, params, field] of cases) {
        const { code, data } = await board.refusal(method, params);
        expect(code, method).toBe(-32602);
        const issues = data.issues as { path: string; message: string }[];
        expect(issues[0], `${method} ${field}`).toMatchObject({
          path: expect.stringContaining(field),
          message: expect.stringMatching(/./),
        });
      }
    });
  });

  describe("odd but legal", () => {
    it("text: lone surrogates, astral letters, quotes and control characters are kept or refused, never a bug", async () => {
      const board = connect();
      for (const name of ["\ud800 lone", "🦊🦊", "a\u0007b", "\u202e", "'; DROP TABLE tasks; --", "\\u0000", "%_*?"]) {
        const answer = await board.raw("tasks/send", { name, description: name, payload: { [name]: name } });
        if (answer.error) expect(answer.error.code, name).toBe(-32602);
        else expect((answer.result as { name: string }).name).toBe(new TextDecoder().decode(new TextEncoder().encode(name)));
        const found = await board.raw("tasks/list", { name_contains: name, q: name });
        expect(found.error?.code ?? -32602, name).toBe(-32602);
      }
      const payload = '{"__proto__":{"polluted":true},"constructor":1,"nul":"a\\u0000b","big":12345678901234567890}';
      const body = `{"jsonrpc":"2.0","id":1,"method":"tasks/send","params":{"name":"proto","payload":${payload}}}`;
      const sent = JSON.parse(await (await board.post(body)).text());
      expect(JSON.stringify(sent.result.payload)).toBe(JSON.stringify(JSON.parse(payload)));
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    });

    it("ids: zero, fractions, negative ones, empty strings and null are given back as they came", async () => {
      const board = connect();
      for (const id of [0, -1, 1.5, "", "a b", null, 2 ** 53]) {
        const answer = JSON.parse(await (await board.post(JSON.stringify({ jsonrpc: "2.0", id, method: "agents/list" }))).text());
        expect(answer).toEqual({ jsonrpc: "2.0", id, result: [] });
      }
    });

    it("params: absent, null and empty are the same", async () => {
      const board = connect();
      for (const params of [undefined, null, {}]) expect((await board.raw("agents/list", params)).result).toEqual([]);
    });
  });
}
