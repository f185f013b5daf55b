import fc from "fast-check";
import stringWidth from "string-width";
import { beforeAll, describe, expect, test } from "vitest";
import { Board } from "../../cli/top/model/board.ts";
import type { Detail } from "../../cli/top/model/detail.ts";
import { agent, at, claimed, event, fill, idOf, NOW, task } from "../../cli/top/testing/board.ts";
import { frameText } from "../../cli/top/text-frame.tsx";
import { type Given, picture } from "../../cli/top/ui/picture.ts";
import { initialUi, type Ui } from "../../cli/top/ui/state.ts";
import type { Attempt, Task } from "../../protocol/records.ts";

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
  task(16, { state: "review", claimed_by: "north-badger", attempt: 2, name: "api: paginate GET /orders", kind: "feature" }),
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

/** The record of the job in review: handed in for the second time, after a request for changes. */
function reviewed(one: Task): Detail {
  const claim = (attempt: number, agent_id: string, from: number, to: number) => ({
    ...{ claim_id: idOf(910 + attempt), task_id: one.id, agent_id, attempt, end: "submitted" as const },
    ...{ claimed_at: at(from), lease_until: null, ended_at: at(to) },
  });
  const attempt = (number: number, from: number, to: number, more: Pick<Attempt, "outcome" | "trigger" | "summary">): Attempt => ({
    ...{ task_id: one.id, number, started_at: at(from), ended_at: at(to), result: { files: ["orders.ts"] }, ...more },
  });
  const first = claim(1, "copper-finch", -3600, -3000);
  const second = claim(2, "north-badger", -900, -120);
  const then = (number: number, state: Task["state"]) => task(16, { ...one, attempt: number, state });
  return {
    task: one,
    related: [],
    history: {
      attempts: [
        attempt(1, -3600, -3000, { trigger: "first", outcome: "changes_requested", summary: "Pages by offset." }),
        attempt(2, -900, -120, {
          ...{ trigger: "changes_requested", outcome: "submitted" },
          summary: "Pages by cursor now, a hundred orders each.\nThe empty list answers an empty page, as was asked for.",
        }),
      ],
      claims: [first, second],
      reviews: [
        {
          ...{ review_id: idOf(920), task_id: one.id, attempt: 1, reviewer: "anna", decision: "request_changes" as const },
          ...{ body: "Offsets skip orders that come in meanwhile. A cursor, please.", mentions: [], at: at(-1800), dismissed: null },
        },
      ],
      notes: [
        {
          ...{ note_id: idOf(930), task_id: one.id, attempt: 2, author: "harbor-lynx", mentions: [], at: at(-60), retracted: null },
          body: "Tried it on staging:\n日本語 names are fine too.",
        },
      ],
      events: [
        event(50, "task.created", then(0, "pending"), {}, "sofia", at(-7200)),
        event(51, "task.claimed", then(1, "claimed"), { claim_id: first.claim_id, lease_until: at(-2700) }, "copper-finch", at(-3600)),
        event(52, "task.submitted", then(1, "review"), { claim_id: first.claim_id }, "copper-finch", at(-3000)),
        event(53, "review.decided", then(1, "pending"), { review_id: idOf(920) }, "anna", at(-1800)),
        event(54, "task.claimed", then(2, "claimed"), { claim_id: second.claim_id, lease_until: at(300) }, "north-badger", at(-900)),
        event(55, "task.submitted", then(2, "review"), { claim_id: second.claim_id }, "north-badger", at(-120)),
        event(56, "note.added", then(2, "review"), { note_id: idOf(930) }, "harbor-lynx", at(-60)),
      ],
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
    detailOf: (id) => {
      const one = TASKS.find((each) => each.id === id);
      return one?.number === 12 ? detailOf(one) : one?.number === 16 ? reviewed(one) : undefined;
    },
    me: "anna",
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

const ORDERS = { id: idOf(16), number: 16, name: "api: paginate GET /orders", attempt: 2 };
const NOTE =
  "The fixture is in tests/data.\n\n@quiet-heron: please look at the third line of it, which is rather longer than the others are.";

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
    ["approving", { dialog: { kind: "approve", ...ORDERS } }],
    ["approving-own", { dialog: { kind: "approve", ...ORDERS } }, { me: "north-badger" }],
    ["approving-unread", { dialog: { kind: "approve", ...ORDERS } }, { detailOf: () => undefined }],
    ["noting", { dialog: { kind: "write", what: "note", ...ORDERS, text: { text: NOTE, cursor: 60 }, isSending: false } }],
    [
      "noting-refused",
      {
        dialog: { kind: "write", what: "note", ...ORDERS, text: { text: NOTE, cursor: NOTE.length }, isSending: false },
        notice: { text: "note: the server is away; nothing was sent. Try again when the header says live", tone: "bad", until: NOW },
      },
    ],
    ["asking-for-changes", { dialog: { kind: "write", what: "changes", ...ORDERS, text: { text: "", cursor: 0 }, isSending: false } }],
    ["history", { story: { ...ORDERS, top: 3 } }],
    ["history-unread", { story: { ...ORDERS, top: 0 } }, { detailOf: () => undefined }],
  ];
  test.each(asking)("%s", async (name, ui, more) => {
    const text = frame(80, 24, ui, lively(), more);
    expectSound(text, 80, 24);
    await expect(text).toMatchFileSnapshot(`frames/80x24-${name}.txt`);
  });
});

test("a text longer than its room shows the part around the cursor", () => {
  const text = Array.from({ length: 300 }, (_, number) => `line ${number} of the note`).join("\n");
  for (const number of [0, 150, 299]) {
    const cursor = text.indexOf(`line ${number} of`) + 4;
    const shown = frame(80, 24, { dialog: { kind: "write", what: "note", ...ORDERS, text: { text, cursor }, isSending: false } });
    expectSound(shown, 80, 24);
    expect(shown).toContain(`line▏ ${number} of the note`);
    expect(shown).toContain("Esc leaves");
  }
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
  [60, 24],
  [130, 12],
  [300, 100],
  [39, 9],
  [1, 1],
])("any size is filled and never exceeded: %i×%i", (columns, rows) => {
  for (const view of ["active", "attention", "all", "log"] as const) expectSound(frame(columns, rows, { view }), columns, rows);
  const text = { text: NOTE, cursor: 7 };
  const dialogs: Partial<Ui>[] = [
    { dialog: { kind: "approve", ...ORDERS } },
    { dialog: { kind: "write", what: "note", ...ORDERS, text, isSending: true } },
    { story: { ...ORDERS, top: 2 } },
    { isHelp: true },
  ];
  for (const ui of dialogs) expectSound(frame(columns, rows, ui), columns, rows);
});

const ATTEMPT = { number: 1, trigger: "first", started_at: at(-60), ended_at: at(-30), outcome: "submitted" } as const;

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
      const { id, number } = one;
      const said = { ...history, notes: [], attempts: [{ ...ATTEMPT, task_id: id, summary: name, result: handle }] };
      const write = {
        kind: "write",
        what: "note",
        id,
        number,
        name,
        attempt: 1,
        text: { text: name, cursor: 1 },
        isSending: false,
      } as const;
      for (const ui of [
        {},
        { story: { id, number, name, top: 0 } },
        { dialog: { kind: "approve", id, number, name, attempt: 1 } as const },
        { dialog: write },
      ])
        expectSound(
          frame(columns, rows, ui, board, { detailOf: () => ({ task: one, history: said, related: [] }), me: handle }),
          columns,
          rows,
        );
    }),
    { numRuns: 60 },
  );
});
