import { expect, test } from "vitest";
import { LIMITS } from "../../protocol/limits.ts";
import { type Draft, idOf, isDeeper, Reading, splitBytes } from "./draft.ts";
import { link } from "./link.ts";

function reading(tasks: Readonly<Record<string, readonly string[]>>, state: Draft["task"]["state"] = "pending"): Reading {
  const all = new Reading("beads", "file");
  for (const [index, [key, on]] of Object.entries(tasks).entries()) {
    const line = index + 1;
    all.drafts.push({
      line,
      key,
      id: idOf("beads", key),
      task: { name: key, state },
      dependsOn: on.map((one) => ({ key: one, line })),
      related: [],
      facts: [],
      notes: [],
    });
  }
  return all;
}

const mistakes = (all: Reading, lenient = false) => {
  const linked = link(all, lenient);
  return {
    order: linked.map(({ key }) => key),
    mistakes: all.mistakes.map(({ line, message }) => `${line}: ${message}`),
    remarks: all.remarks,
    linked,
  };
};

test("each task comes after those that it depends on, otherwise as they are in the file", () => {
  expect(mistakes(reading({ c: ["b", "a"], a: [], b: ["a"], d: [] }))).toMatchObject({
    order: ["a", "b", "c", "d"],
    mistakes: [],
    remarks: [],
  });
});

test.each<[string, Readonly<Record<string, readonly string[]>>, RegExp]>([
  ["an unknown dependency", { a: [], b: ["nobody"] }, /^2: b: nobody, which it depends on, is not in this source$/],
  ["itself", { a: ["a"] }, /^1: a: it depends on itself$/],
  ["a circle", { x: ["a"], a: ["b"], b: ["c"], c: ["a"] }, /^4: c: a circle: a \(line 2\) → b \(line 3\) → c \(line 4\) → a \(line 2\)$/],
  [
    "a chain too long",
    Object.fromEntries(Array.from({ length: 202 }, (_, at) => [`t${at}`, at === 0 ? [] : [`t${at - 1}`]])),
    /chain of more than 200/,
  ],
  [
    "too many",
    { z: Array.from({ length: 51 }, (_, at) => `t${at}`), ...Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`t${at}`, []])) },
    /more than 50/,
  ],
])("%s is told with its line, or left out and said in the first note", (_what, tasks, told) => {
  const strict = mistakes(reading(tasks));
  expect(strict.mistakes[0]).toMatch(told);
  const lenient = mistakes(reading(tasks), true);
  expect(lenient.mistakes).toEqual([]);
  expect(lenient.remarks.length).toBeGreaterThan(0);
  expect(lenient.linked.some(({ task }) => /left out: /.test(task.notes?.[0] ?? ""))).toBe(true);
  const placed = new Set<string>();
  for (const { task } of lenient.linked) {
    for (const on of task.depends_on ?? []) expect(placed.has(on)).toBe(true);
    placed.add(task.id);
  }
  expect(placed.size).toBe(Object.keys(tasks).length);
});

test("what is there twice is told, and a long chain does not end the program", () => {
  const twice = reading({ a: [] });
  twice.drafts.push({ ...twice.drafts[0]!, line: 7 });
  expect(mistakes(twice).mistakes).toEqual(["7: a is there twice: line 1 has it, too"]);
  const chain = reading(Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`t${at}`, [`t${at + 1}`]]).concat([["t10000", []]])));
  expect(mistakes(chain).mistakes.length).toBeGreaterThan(0);
});

test("finished work waits for nothing", () => {
  const all = reading({ a: [] });
  const done = reading({ b: ["a"] }, "completed").drafts[0]!;
  all.drafts.push({ ...done, line: 2 });
  const { linked, remarks } = mistakes(all);
  expect(linked[1]?.task).toMatchObject({ state: "completed", depends_on: [] });
  expect(remarks[0]?.message).toContain("depended on one that is not");
  expect(linked[1]?.task.notes?.[0]).toContain("depended on a there, which is not finished");
});

test("a note that is too long is several, and nothing of it is lost", () => {
  const all = reading({ a: [] });
  const long = "é😀x".repeat(30_000);
  all.drafts[0]!.notes.push(long);
  const [, ...parts] = mistakes(all).linked[0]!.task.notes!;
  for (const part of parts) expect(Buffer.byteLength(part)).toBeLessThanOrEqual(LIMITS.note_bytes.value);
  expect(parts.map((part) => part.replace(/^\(part \d+ of \d+\)\n\n/, "")).join("")).toBe(long);
  expect(splitBytes("é".repeat(10), 3)).toEqual(Array(10).fill("é"));
});

test("a field over its limit is told with its line", () => {
  const all = reading({ a: [] });
  all.drafts[0] = { ...all.drafts[0]!, task: { name: "x".repeat(513), state: "pending", payload: "x".repeat(300_000) } };
  expect(mistakes(all).mistakes).toEqual([expect.stringMatching(/^1: a: name: .*name_chars: at most 512/)]);
});

test("ids are UUIDs, the same for the same and others for others", () => {
  expect(idOf("beads", "a", "b")).toBe(idOf("beads", "a", "b"));
  expect(new Set([idOf("beads", "a", "b"), idOf("beads", "ab"), idOf("vibe-kanban", "a", "b")]).size).toBe(3);
  expect(idOf("beads", "a")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("depth is told without recursion", () => {
  let deep: unknown = 1;
  for (let at = 0; at < 100_000; at += 1) deep = [deep];
  expect([isDeeper(deep, 90), isDeeper([[1]], 2), isDeeper([[1]], 1)]).toEqual([true, false, true]);
});
