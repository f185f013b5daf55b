import { expect, test } from "vitest";
import { rowsOfCsv } from "./csv.ts";
import { Reading } from "./draft.ts";
import { link } from "./link.ts";
import { cardsOfCsv, cardsOfTables, readCards } from "./vibe-kanban.ts";

const HEADER =
  "Issue ID,Title,Description,Status,Priority,Project,Assignee(s),Creator,Created,Updated,Start Date,Due Date,Completed,Parent Issue";

function read(rows: readonly string[], header = HEADER) {
  const reading = new Reading("vibe-kanban", "issues.csv");
  readCards(cardsOfCsv(rowsOfCsv([header, ...rows].join("\n")), reading), "issues.csv", reading);
  const linked = link(reading, false);
  return { reading, tasks: linked.map(({ task }) => task), mistakes: reading.mistakes.map(({ line, message }) => `${line}: ${message}`) };
}

test.each([
  ["Backlog", "backlog"],
  ["To do", "pending"],
  ["In progress", "pending"],
  ["In review", "backlog"],
  ["Done", "completed"],
  ["Cancelled", "cancelled"],
  ["Our own column", "backlog"],
  ["constructor", "backlog"],
])("the column %s becomes %s", (status, state) => {
  const { tasks, mistakes } = read([`VK-1,a,,${status},,P,,,2026-01-01T00:00:00Z,,,,,`]);
  expect([mistakes, tasks[0]?.state]).toEqual([[], state]);
});

test("a row becomes a task with what it says", () => {
  const { tasks, mistakes } = read([
    'VK-1,"first, ""quoted""","two\nlines",To do,Urgent,Proj,"Kim, Bob",Kim,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z,,2026-02-01T00:00:00Z,,',
    "VK-2,second,,Done,,Proj,,,2026-01-01T00:00:00Z,,,,2026-01-05T00:00:00Z,VK-1",
  ]);
  expect(mistakes).toEqual([]);
  expect(tasks[0]).toMatchObject({
    name: 'first, "quoted"',
    description: "two\nlines",
    priority: "urgent",
    labels: ["Proj"],
    depends_on: [],
    payload: { imported: { from: "vibe-kanban", id: "VK-1", project: "Proj", "Due Date": "2026-02-01T00:00:00Z" } },
  });
  expect(tasks[0]?.notes?.[0]).toContain("assigned to Kim, Bob");
  expect(tasks[1]?.notes?.[0]).toContain(`part of: VK-1 (task ${tasks[0]?.id.slice(0, 13)})`);
});

test("what is wrong is told with its line", () => {
  const rows = [",a,,Done,,P,,,,,,,,", "VK-1,,,Done,,P,,,,,,,,", "VK-2,x", "VK-3,ok,,Done,,P,,,,,,,,", "VK-3,ok,,Done,,P,,,x,,,,,"];
  expect(read(rows).mistakes.sort()).toEqual([
    "2: the row has no Issue ID",
    "3: VK-1: it has no title",
    "4: the row has 2 cells, the header 14",
    "6: VK-3 is there twice: line 5 has it, too",
  ]);
  expect(read([], "Issue ID,Name").mistakes[0]).toBe("1: issues.csv has no column Title, Description, Status");
});

test("rows of the local database: attempts are told, and which attempt a task came out of", () => {
  const base = { project: "P", description: null, created_at: "2026-01-01 00:00:00.000" };
  const cards = [
    ...cardsOfTables(
      [
        { ...base, line: 1, id: "AA".repeat(16), title: "first", status: "inprogress", parent: null },
        { ...base, line: 2, id: "BB".repeat(16), title: "second", status: "todo", parent: "CC".repeat(16) },
      ],
      [{ id: "CC".repeat(16), task_id: "AA".repeat(16), branch: "vk/1", created_at: "2026-01-02" }],
    ),
  ];
  const reading = readCards(cards, "db.sqlite");
  const [first, second] = link(reading, false).map(({ task }) => task);
  expect(first?.notes?.[0]).toContain("attempt 1 there: 2026-01-02, branch vk/1");
  expect(second?.notes?.[0]).toContain(`part of: ${"aa".repeat(6)} (task `);
});
