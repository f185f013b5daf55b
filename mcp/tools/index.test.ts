import { expect, test } from "vitest";
import { filterFields } from "../../protocol/filter.ts";
import { METHODS } from "../../protocol/index.ts";
import { tokens } from "../../protocol/tokens.ts";
import { instructions } from "../instructions.ts";
import { listed } from "../listing.ts";
import { TOOLS } from "./index.ts";

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Parameters that no tool shows, and why. */
const NEVER: Record<string, string> = {
  agent_id: "filled in with the agent's handle where a tool does not take it",
  idempotency_key: "the session makes one for every call that changes something",
  claim_id: "filled in with the claim that the process remembers where a tool does not take it",
  wait_ms: "waiting is tasks_wait's and tasks_next's, by timeout_s",
  timeout_ms: "as wait_ms",
  filter: "its fields are arguments of their own",
};

/** Parameters that one tool leaves out, and why. */
const LEFT_OUT: Record<string, Record<string, string>> = {
  tasks_send: { ref: "a single task has no siblings; tasks_plan takes it" },
  tasks_list: { page: "always asked for", mentions: "waits only: a list has no notes" },
  tasks_next: {
    mentions: "as in tasks_list",
    state: "only pending jobs can be claimed",
    performer: "as state: an agent can claim agents' jobs",
    claimed_by: "as state",
    ready: "as state",
    assignee: "an agent's own jobs and everybody's are what it can claim",
  },
  checkin: { id: "agentId", name: "the handle", offer: "for hooks, which ask in an agent's place" },
};

/** Arguments that are the tools' own. */
const OWN = ["timeout_s", "agent_id", "remove"];

/** Takes a list of what its method takes, each looked at as tasks_send's arguments are. */
const OF_MANY = ["tasks_plan"];

test.each(TOOLS.filter(({ name }) => !OF_MANY.includes(name)).map((tool) => [tool.name, tool] as const))(
  "%s has every parameter of its method that it does not leave out for a reason, and no other",
  (_name, tool) => {
    const shape: Record<string, unknown> = { ...(METHODS[tool.method].params as unknown as { shape: Record<string, unknown> }).shape };
    if ("filter" in shape) Object.assign(shape, filterFields);
    const shown = Object.keys(tool.input).map(snake);
    const known = Object.keys(shape);
    const expected = known.filter((name) => !(name in (LEFT_OUT[tool.name] ?? {})) && (!(name in NEVER) || shown.includes(name)));
    expect(shown.filter((name) => !OWN.includes(name)).sort()).toEqual(expected.filter((name) => !OWN.includes(name)).sort());
    for (const name of Object.keys(LEFT_OUT[tool.name] ?? {}))
      expect(known, `${name} is left out of what does not have it`).toContain(name);
  },
);

test("the ten tools of the bulletin, the five beyond them and the four about jobs are there", () => {
  expect(TOOLS.map(({ name }) => name).sort()).toEqual(
    [
      ...[
        "tasks_send",
        "tasks_list",
        "tasks_get",
        "tasks_claim",
        "tasks_extend",
        "tasks_complete",
        "tasks_cancel",
        "tasks_reclaim",
        "agents_heartbeat",
        "agents_list",
      ],
      ...["tasks_wait", "tasks_next", "tasks_release", "tasks_fail", "checkin"],
      ...["tasks_review", "tasks_note", "tasks_depend", "tasks_plan"],
    ].sort(),
  );
});

test("tools/list and the instructions stay below 5,000 and 600 tokens, whoever keeps the leases", () => {
  for (const areKept of [true, false]) {
    expect(tokens({ tools: TOOLS.map((tool) => listed(tool, 1500, areKept)) })).toBeLessThan(5000);
    for (const isShared of [true, false]) expect(tokens(instructions({ handle: "harbor-lynx", isShared }, areKept))).toBeLessThan(600);
  }
});

test("every schema keeps to what all hosts take: one type each, and arrays of arguments say of what", () => {
  for (const tool of TOOLS) {
    for (const [name, schema] of Object.entries(tool.input)) {
      expect(typeof schema.type, `${tool.name}.${name}`).toBe("string");
      expect(schema.type === "array" && !schema.items, `${tool.name}.${name} has no items`).toBe(false);
    }
    for (const name of tool.required ?? []) expect(Object.keys(tool.input)).toContain(name);
  }
});

test("no answer's field is named like one of a refusal's, so that a refusal fits the same schema", () => {
  for (const tool of TOOLS)
    for (const name of ["code", "reason", "message", "remedy", "now", "notices"]) expect(tool.output, tool.name).not.toHaveProperty(name);
});
