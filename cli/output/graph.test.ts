import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Graph, graphLines } from "./graph.ts";
import { mermaidLines } from "./mermaid.ts";
import { width } from "./text.ts";

const SPACE = { columns: 80, colour: false };
type State = Graph["tasks"][number]["state"];

function job(number: number, fields: Partial<Graph["tasks"][number]> = {}): Graph["tasks"][number] {
  return { id: `id-${number}`, number, name: `job ${number}`, kind: "task", state: "pending", claimed_by: null, held: null, ...fields };
}
const edge = (task: number, on: number) => ({ task_id: `id-${task}`, depends_on: `id-${on}` });
const held = (...on: number[]) => ({ held: { reason: "dependencies" as const, blockers: on.map((number) => `id-${number}`) } });

/** Edges from each job to some before it: never a circle. */
const anyGraph = fc
  .array(fc.record({ name: fc.string({ unit: "binary", maxLength: 90 }), on: fc.array(fc.nat(), { maxLength: 3 }) }), {
    minLength: 1,
    maxLength: 40,
  })
  .map((jobs): Graph => {
    const edges = jobs.flatMap(({ on }, at) =>
      at === 0 ? [] : [...new Set(on.map((one) => one % at))].map((one) => edge(at + 1, one + 1)),
    );
    return {
      tasks: jobs.map(({ name }, at) =>
        job(at + 1, { name, state: at % 3 === 0 ? "claimed" : "pending", claimed_by: at % 3 === 0 ? name : null }),
      ),
      edges,
    };
  });

describe("as text", () => {
  test("each job stands above what it waits for, with its state, its holder and what holds it", () => {
    const tasks = [
      job(1, { name: "build", state: "completed" }),
      job(2, { name: "test", state: "claimed", claimed_by: "harbor-lynx" }),
      job(3, { name: "docs" }),
      job(4, { name: "ship", ...held(2, 3) }),
    ];
    expect(graphLines({ tasks, edges: [edge(2, 1), edge(3, 1), edge(4, 2), edge(4, 3)] }, SPACE)).toEqual([
      "#4 Held  ship · waits for #2, #3",
      "├─ #2 In Progress  test · harbor-lynx",
      "│  └─ #1 Done  build",
      "└─ #3 Ready  docs",
      "   └─ #1 Done  build",
      "",
      "each job stands above what it waits for",
    ]);
  });

  test("a job with a tree of its own is told once", () => {
    const tasks = [1, 2, 3, 4].map((number) => job(number));
    const lines = graphLines({ tasks, edges: [edge(2, 1), edge(3, 2), edge(4, 2)] }, SPACE);
    expect(lines.slice(0, 5)).toEqual([
      "#3 Ready  job 3",
      "└─ #2 Ready  job 2",
      "   └─ #1 Ready  job 1",
      "#4 Ready  job 4",
      "└─ #2 Ready  job 2 · (see above)",
    ]);
  });

  test("says what failed and was cancelled, and counts what is not shown", () => {
    const blockers = ["id-1", "elsewhere", "far"];
    const tasks = [
      job(1, { state: "failed" }),
      job(2, { held: { reason: "dependency_failed", blockers: ["id-1"] } }),
      job(3, { held: { reason: "dependency_cancelled", blockers } }),
      job(4, { held: { reason: "dependencies", blockers: ["far"] } }),
    ];
    const lines = graphLines({ tasks, edges: [] }, SPACE);
    expect(lines[1]).toBe("#2 Held  job 2 · #1 failed");
    expect(lines[2]).toBe("#3 Held  job 3 · #1 and 2 more cancelled");
    expect(lines[3]).toBe("#4 Held  job 4 · waits for 1 not shown");
  });

  test("a chain deeper than the page goes on further down, each job once", () => {
    const tasks = Array.from({ length: 200 }, (_, at) => job(at + 1));
    const lines = graphLines({ tasks, edges: tasks.slice(1).map(({ number }) => edge(number, number - 1)) }, SPACE);
    for (const line of lines) expect(width(line)).toBeLessThanOrEqual(80);
    expect(lines.filter((line) => line.includes("(see below)")).length).toBeGreaterThan(10);
    for (const { number } of tasks)
      expect(
        lines.some((line) => new RegExp(`#${number} Ready`).test(line)),
        `#${number}`,
      ).toBe(true);
    expect(lines.length).toBeLessThan(2 * tasks.length);
  });

  test("any graph of any names: every line fits, nothing that a terminal obeys, every job there, no more lines than jobs and edges", () => {
    fc.assert(
      fc.property(anyGraph, fc.integer({ min: 40, max: 120 }), (graph, columns) => {
        const lines = graphLines(graph, { columns, colour: false });
        for (const line of lines) {
          expect(width(line)).toBeLessThanOrEqual(columns);
          expect(line).not.toMatch(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
        }
        for (const { number } of graph.tasks) expect(lines.some((line) => line.includes(`#${number} `))).toBe(true);
        expect(lines.length).toBeLessThanOrEqual(2 * graph.tasks.length + graph.edges.length + 3);
      }),
      { numRuns: 60 },
    );
  });

  test("nothing to show is said", () => {
    expect(graphLines({ tasks: [], edges: [] }, SPACE)[0]).toContain("--all");
  });
});

describe("as Mermaid", () => {
  test("work flows from what is waited for to what waits", () => {
    const tasks = [job(1, { state: "completed" as State }), job(2, { state: "claimed" as State, claimed_by: "lynx" })];
    expect(mermaidLines({ tasks, edges: [edge(2, 1)] })).toEqual([
      "flowchart TD",
      '  t1["#35;1 job 1<br/>Done"]:::completed',
      '  t2["#35;2 job 2<br/>In Progress #45; lynx"]:::claimed',
      "  t1 --> t2",
      "  classDef completed fill:#d3f9d8,stroke:#2b8a3e",
      "  classDef claimed fill:#fff3bf,stroke:#e67700",
    ]);
  });

  // Held once against Mermaid's own parser (12.3.0) with names made to break it; these are the rules that passed.
  test("no name is ever syntax: every line is one of four kinds, and labels hold letters, digits, spaces and references alone", () => {
    const hostile = ['"] --> x["', "%%{init: {}}%%", "style a: #b;", "end", "`md`", "#quot;", "a\nb", "click t1 href", "---"];
    const label = "(?:[\\p{L}\\p{N} ]|#\\d+;)*";
    const line = new RegExp(
      `^(flowchart TD|  t\\d+\\["${label}<br/>${label}"\\]:::[a-z]+|  t\\d+ --> t\\d+|  classDef [a-z]+ fill:#[0-9a-f]{6},stroke:#[0-9a-f]{6})$`,
      "u",
    );
    const check = (graph: Graph) => {
      for (const one of mermaidLines(graph)) expect(one).toMatch(line);
    };
    check({ tasks: hostile.map((name, at) => job(at + 1, { name })), edges: [] });
    fc.assert(fc.property(anyGraph, check), { numRuns: 60 });
  });
});
