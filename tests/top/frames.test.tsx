import fc from "fast-check";
import stringWidth from "string-width";
import { beforeAll, describe, expect, test } from "vitest";
import { Board } from "../../cli/top/model/board.ts";
import type { Detail } from "../../cli/top/model/detail.ts";
import { agent, at, claimed, event, fill, idOf, NOW, task } from "../../cli/top/testing/board.ts";
import { frameText } from "../../cli/top/text-frame.tsx";
import { type Given, picture } from "../../cli/top/ui/picture.ts";
import { initialUi, type Ui } from "../../cli/top/ui/state.ts";
import type { Task } from "../../protocol/records.ts";

/** Times of day are shown in the reader's zone; the frames of this test are read in UTC. */
beforeAll(() => {
  process.env.TZ = "UTC";
});

const HOSTILE = "\x1b[2J\x1b]0;pwned\x07 \u202egpj.exe\u202c a\u200bb\r\nfake line 日本語 👩\u200d💻 z\u0301\u0301\u0301\u0301\u0301\u0301";

const TASKS: Task[] = [
  claimed(12, "harbor-lynx", {
    name: "login: session cookie is dropped on Safari 17",
    kind: "bug",
    priority: "urgent",
    labels: ["auth", "web"],
    payload: { steps: ["sign in", "reload"], commit: "4f2a91c" },
    description: "The header lacks SameSite=None behind the proxy.",
  }),
  claimed(13, "copper-finch", { name: "migrations: add an index", updated_at: at(-285), lease_until: at(12) }),
  task(14, { state: "failed", claimed_by: "mellow-otter", name: "payments: flaky retry", kind: "bug", priority: "high", rev: 3 }),
  task(15, { name: "deploy to staging", depends_on: [idOf(14)], held: { reason: "dependency_failed", blockers: [idOf(14)] } }),
  task(16, { state: "review", claimed_by: "north-badger", name: "api: paginate GET /orders", kind: "feature" }),
  task(17, { name: "i18n: 日本語のエラーメッセージを確認する", priority: "low" }),
  task(18, { name: "profile: avatars come out rotated", kind: "bug", rev: 3 }),
  task(19, { state: "backlog", name: "spike: Temporal" }),
  task(20, { state: "completed", kind: "knowledge", name: "staging is restored", created_by: "copper-finch" }),
  task(21, { state: "completed", name: "login: rate-limit the reset form", claimed_by: "harbor-lynx" }),
];

const AGENTS = [
  agent("harbor-lynx"),
  agent("copper-finch", 2),
  agent("mellow-otter", 31),
  agent("quiet-heron", 400),
  agent("sofia", 3, { type: "user" }),
];

function lively(): Board {
  const board = fill(new Board(), TASKS, AGENTS);
  board.remember([
    event(97, "task.created", task(18), {}, "sofia", at(-90)),
    event(98, "task.lapsed", task(18, { rev: 3 }), { claim_id: idOf(900), agent_id: "quiet-heron" }, "quiet-heron", at(-75)),
    event(
      99,
      "task.failed",
      task(14, { state: "failed", rev: 3 }),
      { claim_id: idOf(901), reason: "needs the sandbox key" },
      "mellow-otter",
      at(-40),
    ),
    event(100, "task.claimed", claimed(12, "harbor-lynx"), { claim_id: idOf(902), lease_until: at(240) }, "harbor-lynx", at(-60)),
  ]);
  return board;
}

function detailOf(one: Task): Detail {
  const claim = {
    claim_id: idOf(902),
    task_id: one.id,
    agent_id: "harbor-lynx",
    attempt: 1,
    claimed_at: at(-60),
    lease_until: at(240),
    ended_at: null,
    end: null,
  };
  const related = [{ id: idOf(21), number: 21, name: "login: rate-limit the reset form", kind: "task", state: "completed" as const }];
  const payload = { ...(one.payload as object), related_bug: idOf(21) };
  return {
    task: { ...one, payload },
    related,
    history: {
      attempts: [],
      claims: [claim],
      reviews: [],
      notes: [],
      events: [event(100, "task.claimed", one, {}, "harbor-lynx", at(-60))],
    },
  };
}

function frame(columns: number, rows: number, ui: Partial<Ui> = {}, board = lively(), more: Partial<Given> = {}): string {
  const given: Given = {
    ui: { ...initialUi(), ...ui },
    size: { columns, rows },
    now: NOW,
    phase: "live",
    phaseMs: 0,
    url: "http://127.0.0.1:7777/",
    unshown: 0,
    board: board.view(),
    detailOf: (id) => (id === idOf(12) && TASKS[0] ? detailOf(TASKS[0]) : undefined),
    ...more,
  };
  return frameText(picture(given), false);
}

/** Exactly the terminal's lines, none wider than it, nothing in them that a terminal obeys. */
function expectSound(text: string, columns: number, rows: number): void {
  const lines = text.split("\n");
  expect(lines).toHaveLength(rows);
  for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
  expect(text).not.toMatch(/[^\P{Cc}\n]|[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]|\p{Default_Ignorable_Code_Point}/u);
}

describe.each([
  [80, 24],
  [120, 40],
  [200, 50],
])("%i×%i", (columns, rows) => {
  test.each(["active", "attention", "all", "log"] as const)("%s", async (view) => {
    const text = frame(columns, rows, { view });
    expectSound(text, columns, rows);
    await expect(text).toMatchFileSnapshot(`frames/${columns}x${rows}-${view}.txt`);
  });

  test("an empty board", async () => {
    const text = frame(columns, rows, {}, fill(new Board(), []));
    expectSound(text, columns, rows);
    await expect(text).toMatchFileSnapshot(`frames/${columns}x${rows}-empty.txt`);
  });

  test("hostile names", async () => {
    const hostile = claimed(1, HOSTILE, {
      name: HOSTILE,
      kind: HOSTILE,
      priority: HOSTILE,
      assignee: HOSTILE,
      labels: [HOSTILE],
      payload: { [HOSTILE]: HOSTILE },
      description: HOSTILE,
    });
    const board = fill(new Board(), [hostile, task(2, { name: "字".repeat(512) })], [agent(HOSTILE, 1, { name: HOSTILE })]);
    const ui: Partial<Ui> = { filter: HOSTILE.slice(0, 3), notice: { text: HOSTILE, tone: "bad", until: NOW } };
    const history = {
      attempts: [],
      claims: [],
      reviews: [],
      notes: [],
      events: [event(1, "task.failed", hostile, { reason: HOSTILE }, HOSTILE)],
    };
    const text = frame(columns, rows, ui, board, { url: `http://${HOSTILE}/`, detailOf: () => ({ task: hostile, history, related: [] }) });
    expectSound(text, columns, rows);
    await expect(text).toMatchFileSnapshot(`frames/${columns}x${rows}-hostile.txt`);
  });
});

describe("what stands over the list", () => {
  const asking: [string, Partial<Ui>, Partial<Given>?][] = [
    ["help", { isHelp: true }],
    ["detail", { fullDetail: 0 }],
    [
      "sending",
      { dialog: { kind: "send", field: "kind", given: { name: "fix the build", kind: "task", priority: "normal" } }, typed: "bu" },
    ],
    ["cancelling", { dialog: { kind: "cancel", id: idOf(12), number: 12, name: "login: session cookie" } }],
    ["filtering", { dialog: { kind: "filter", before: "" }, typed: "bug", filter: "bug" }],
    [
      "refused",
      { notice: { text: "release: nobody holds #14; it is failed. Claim it first: coord claim 14 --as HANDLE.", tone: "bad", until: NOW } },
    ],
    ["stale", { showsStale: true }],
    ["paused", { isPaused: true }, { unshown: 37 }],
    ["reconnecting", {}, { phase: "reconnecting", phaseMs: 12_000 }],
    ["reading", {}, { phase: "reading" }],
  ];
  test.each(asking)("%s", async (name, ui, more) => {
    const text = frame(80, 24, ui, lively(), more);
    expectSound(text, 80, 24);
    await expect(text).toMatchFileSnapshot(`frames/80x24-${name}.txt`);
  });
});

test("thousands of tasks: only what is on the screen is drawn, and the selection stays on it", () => {
  const board = fill(
    new Board(),
    Array.from({ length: 5_000 }, (_, index) => task(index + 1)),
  );
  const text = frame(80, 24, { view: "all", tasks: { key: idOf(2_500), index: 2_500 } }, board);
  expectSound(text, 80, 24);
  expect(text).toContain("› 2500");
  expect(text).toMatch(/2\d{3}-2\d{3} of 5000/);
});

test.each([
  [40, 10],
  [41, 11],
  [79, 13],
  [130, 12],
  [300, 100],
  [39, 9],
  [1, 1],
])("any size is filled and never exceeded: %i×%i", (columns, rows) => {
  for (const view of ["active", "attention", "all", "log"] as const) expectSound(frame(columns, rows, { view }), columns, rows);
});

test("whatever anybody writes, a frame is as large as the terminal", () => {
  const anything = fc.string({ unit: "binary", minLength: 1, maxLength: 80 });
  fc.assert(
    fc.property(anything, anything, fc.integer({ min: 40, max: 220 }), fc.integer({ min: 10, max: 50 }), (name, handle, columns, rows) => {
      const one = claimed(1, handle, { name, kind: name, priority: handle, payload: { [name]: handle } });
      const history = {
        attempts: [],
        claims: [],
        reviews: [],
        notes: [],
        events: [event(1, "task.failed", one, { reason: name }, handle)],
      };
      const board = fill(new Board(), [one, task(2, { name })], [agent(handle)]);
      expectSound(frame(columns, rows, {}, board, { detailOf: () => ({ task: one, history, related: [] }) }), columns, rows);
    }),
    { numRuns: 60 },
  );
});
