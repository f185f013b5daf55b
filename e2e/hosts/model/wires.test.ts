import { describe, expect, test } from "vitest";
import { answerIn, type Naming, replyOf, seenIn } from "./policy.ts";
import { WIRES } from "./server.ts";
import type { Asked, Wire } from "./turn.ts";

/** One conversation (a call, its result, the user's next words) as each wire carries it. */
const CONVERSATIONS: readonly { wire: Wire; naming: Naming; asked: Asked }[] = [
  {
    wire: WIRES.anthropic,
    naming: { prefix: "mcp__coord__", meanwhile: { tool: "Bash", args: {} } },
    asked: {
      path: "/v1/messages?beta=true",
      body: {
        stream: true,
        system: [{ type: "text", text: "be brief" }],
        tools: [{ name: "Bash" }, { name: "mcp__coord__checkin" }],
        messages: [
          { role: "user", content: "begin" },
          { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "mcp__coord__checkin", input: {} }] },
          {
            role: "user",
            content: [
              { type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: '{"cursor":3}' }] },
              { type: "text", text: "go on" },
            ],
          },
        ],
      },
    },
  },
  {
    wire: WIRES["openai-responses"],
    naming: { namespace: "mcp__coord", prefix: "", meanwhile: { tool: "exec_command", args: {} } },
    asked: {
      path: "/v1/responses",
      body: {
        instructions: "be brief",
        tools: [
          { type: "function", name: "exec_command" },
          { type: "namespace", name: "mcp__coord", tools: [{ name: "checkin" }] },
        ],
        input: [
          { role: "user", content: [{ type: "input_text", text: "begin" }] },
          { type: "function_call", call_id: "t1", namespace: "mcp__coord", name: "checkin", arguments: "{}" },
          { type: "function_call_output", call_id: "t1", output: 'Wall time: 0.1 seconds\nOutput:\n{"cursor":3}' },
          { role: "user", content: [{ type: "input_text", text: "go on" }] },
        ],
      },
    },
  },
  {
    wire: WIRES.gemini,
    naming: { prefix: "mcp_coord_", meanwhile: { tool: "run_shell_command", args: {} } },
    asked: {
      path: "/v1beta/models/some:streamGenerateContent?alt=sse",
      body: {
        systemInstruction: { parts: [{ text: "be brief" }] },
        tools: [{ functionDeclarations: [{ name: "run_shell_command" }, { name: "mcp_coord_checkin" }] }],
        contents: [
          { role: "user", parts: [{ text: "begin" }] },
          { role: "model", parts: [{ functionCall: { id: "t1", name: "mcp_coord_checkin", args: {} } }] },
          {
            role: "user",
            parts: [
              {
                functionResponse: {
                  id: "t1",
                  name: "mcp_coord_checkin",
                  response: { output: '<untrusted_context>\n{"cursor":3}\n</untrusted_context>' },
                },
              },
              { text: "go on" },
            ],
          },
        ],
      },
    },
  },
  {
    wire: WIRES["openai-chat"],
    naming: { prefix: "coord_", meanwhile: { tool: "bash", args: {} } },
    asked: {
      path: "/v1/chat/completions",
      body: {
        stream: true,
        tools: [{ function: { name: "bash" } }, { function: { name: "coord_checkin" } }],
        messages: [
          { role: "system", content: "be brief" },
          { role: "user", content: "begin" },
          { role: "assistant", content: "", tool_calls: [{ id: "t1", function: { name: "coord_checkin", arguments: "{}" } }] },
          { role: "tool", tool_call_id: "t1", content: '{"cursor":3}' },
          { role: "user", content: "go on" },
        ],
      },
    },
  },
];

describe.each(CONVERSATIONS)("$wire.name", ({ wire, naming, asked }) => {
  test("is read into what the model sees", () => {
    expect(wire.asksModel(asked)).toBe(true);
    expect(wire.asksModel({ ...asked, path: "/elsewhere" })).toBe(false);
    const seen = seenIn(wire.read(asked), naming);
    expect(seen.tools).toEqual(["checkin"]);
    expect(seen.calls).toEqual([expect.objectContaining({ tool: "checkin", args: {}, answer: { cursor: 3 } })]);
    expect(seen.latest).toBe("go on");
    expect(seen.told).toContain("be brief");
    expect(seen.told).toContain("begin");
  });

  test("carries a call and last words in server-sent events", () => {
    const turn = wire.read(asked);
    const call = wire.write(replyOf({ call: "checkin", args: { type: "agent" } }, turn, naming), asked);
    expect(call.type).toBe("text/event-stream");
    const events = call.body.split("\n").filter((line) => line.startsWith("data: "));
    expect(events.length).toBeGreaterThan(0);
    for (const event of events) if (event !== "data: [DONE]") expect(() => JSON.parse(event.slice(6))).not.toThrow();
    expect(call.body).toContain("checkin");
    expect(wire.write({ text: "that is all" }, asked).body).toContain("that is all");
  });

  test("a tool that is not there yet is waited for with the host's own", () => {
    const { reply } = { reply: replyOf({ call: "tasks_next" }, wire.read(asked), naming) };
    expect(reply).toEqual({ calls: [{ tool: { name: naming.meanwhile.tool }, args: {} }] });
  });
});

test("tools that Claude Code only names are searched for, and may be called once they are loaded", () => {
  const { wire, naming } = CONVERSATIONS[0]!;
  const list =
    "The following deferred tools are now available via ToolSearch. Their schemas are NOT loaded\nWebFetch\nmcp__coord__tasks_next\n\nMore";
  const tools = [{ name: "ToolSearch" }, { name: "mcp__coord__tasks_next", defer_loading: true }];
  const messages: object[] = [{ role: "system", content: list }];
  const asked = (): Asked => ({ path: "/v1/messages", body: { tools, messages } });
  const turn = wire.read(asked());
  expect(seenIn(turn, naming).tools).toEqual(["tasks_next"]);
  expect(replyOf({ call: "tasks_next" }, turn, naming)).toEqual({
    calls: [{ tool: { name: "ToolSearch" }, args: { query: "select:mcp__coord__tasks_next", max_results: 1 } }],
  });
  messages.push(
    { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "ToolSearch", input: {} }] },
    {
      role: "user",
      content: [{ type: "tool_result", tool_use_id: "t1", content: [{ type: "tool_reference", tool_name: "mcp__coord__tasks_next" }] }],
    },
  );
  expect(replyOf({ call: "tasks_next" }, wire.read(asked()), naming)).toEqual({
    calls: [{ tool: { name: "mcp__coord__tasks_next" }, args: {} }],
  });
});

test("tools that reach Claude Code when the conversation has begun may be called from there on", () => {
  const { wire, naming } = CONVERSATIONS[0]!;
  const tools = [{ name: "Bash" }, { name: "mcp__coord__tasks_next", defer_loading: true }];
  const messages: object[] = [{ role: "user", content: "begin" }];
  const reply = () => replyOf({ call: "tasks_next" }, wire.read({ path: "/v1/messages", body: { tools, messages } }), naming);
  expect(reply()).toEqual({ calls: [{ tool: { name: naming.meanwhile.tool }, args: expect.anything() }] });
  messages.push({
    role: "system",
    content: [{ type: "tool_addition", tool: { type: "tool_reference", name: "mcp__coord__tasks_next" } }],
  });
  expect(reply()).toEqual({ calls: [{ tool: { name: "mcp__coord__tasks_next" }, args: {} }] });
});

test("coord's answer is found in what a host makes of a refusal", () => {
  const refusal = JSON.stringify({ code: "conflict", reason: "already_claimed" });
  const parts = [{ functionResponse: { name: "tasks_claim", response: { content: [{ type: "text", text: refusal }], isError: true } } }];
  const shown = `MCP tool 'tasks_claim' reported tool error for function call: {"name":"tasks_claim"} with response: ${JSON.stringify(parts)}`;
  expect(answerIn(shown)).toEqual({ code: "conflict", reason: "already_claimed" });
  expect(answerIn("timed out awaiting tools/call after 300s")).toBeUndefined();
});
