import { expect, test } from "vitest";
import { agentOf, prepare } from "./arguments.ts";
import { TOOLS } from "./tools/index.ts";

const tool = (name: string) => TOOLS.find((one) => one.name === name)!;

test("both spellings of a name mean the same, and the agent is taken out", () => {
  const camel = prepare(tool("tasks_complete"), { id: "abcd", postAck: true, ackName: "v1", agentId: "otter" });
  const snake = prepare(tool("tasks_complete"), { id: "abcd", post_ack: true, ack_name: "v1", agent_id: "otter" });
  expect(camel).toEqual({ id: "abcd", post_ack: true, ack_name: "v1" });
  expect(snake).toEqual(camel);
  expect([agentOf({ agentId: "otter" }), agentOf({ agent_id: "otter" }), agentOf({}), agentOf({ agentId: null })]).toEqual([
    "otter",
    "otter",
    undefined,
    undefined,
  ]);
});

test("who acts may be said to a tool that does not show it", () => {
  expect(prepare(tool("agents_list"), { agentId: "otter" })).toEqual({});
  expect(prepare(tool("tasks_get"), { id: "#7", agent_id: "otter" })).toEqual({ id: "#7" });
});

test("nulls are as good as absent", () => {
  expect(prepare(tool("tasks_send"), { name: "x", kind: null, payload: null })).toEqual({ name: "x" });
});

test("what models write in place of the type asked for is made into it", () => {
  const args = { state: "any", ids: '["a","b"]', limit: "5", ready: "true", kind: "not [json" };
  expect(prepare(tool("tasks_list"), args)).toEqual({ state: ["any"], ids: ["a", "b"], limit: 5, ready: true, kind: ["not [json"] });
  expect(prepare(tool("tasks_send"), { name: "12", payload: '{"a":1}' })).toEqual({ name: "12", payload: { a: 1 } });
  expect(prepare(tool("tasks_send"), { name: "x", payload: "plain" })).toEqual({ name: "x", payload: "plain" });
});

test("a task that is named by anything else is refused, in words", () => {
  for (const id of [{ toString: "x" }, ["#12"], true, {}]) {
    for (const name of ["tasks_get", "tasks_release", "tasks_cancel", "tasks_claim"]) {
      expect(() => prepare(tool(name), { id }), `${name} ${JSON.stringify(id)}`).toThrow("a task's id or #number");
    }
  }
});

test("a task's number may come as a number or in digits", () => {
  for (const id of [12, "12", "#12"]) expect(prepare(tool("tasks_get"), { id }).id).toBe("#12");
  expect(prepare(tool("tasks_get"), { id: "1234" }).id).toBe("#1234");
  expect(prepare(tool("tasks_get"), { id: "12345678" }).id).toBe("12345678");
  expect(prepare(tool("agents_heartbeat"), { id: "12" }).id).toBe("12");
  expect(prepare(tool("tasks_send"), { name: "x", depends_on: [12, "13", "#14", "abcd"] }).depends_on).toEqual([
    "#12",
    "#13",
    "#14",
    "abcd",
  ]);
});

test("a filter may be nested as the methods have it", () => {
  expect(prepare(tool("tasks_wait"), { filter: { kind: "ack", nameContains: "v1" }, after: 3 })).toEqual({
    kind: ["ack"],
    name_contains: "v1",
    after: 3,
  });
});

test("a name that the tool does not have is refused and the ones it has are named", () => {
  expect(() => prepare(tool("tasks_claim"), { id: "abcd", lease: 3 })).toThrow(
    expect.objectContaining({
      message: 'tasks_claim has no argument "lease"',
      refusal: expect.objectContaining({
        code: "invalid_params",
        data: expect.objectContaining({ arguments: ["id", "leaseSeconds", "agentId"] }),
      }),
    }),
  );
});

test("a missing argument is refused, and so is an agent that is no string", () => {
  expect(() => prepare(tool("tasks_fail"), { id: "abcd" })).toThrow("tasks_fail needs the argument reason");
  expect(() => prepare(tool("tasks_claim"), { id: "abcd", agentId: 3 })).toThrow("agentId is not a string");
});
