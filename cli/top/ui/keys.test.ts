import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../protocol/limits.ts";
import { type Key, press, type Surroundings } from "./keys.ts";
import { initialUi, type Ui } from "./state.ts";

const AROUND: Surroundings = {
  keys: ["a", "b", "c", "d", "e", "f", "g", "h"],
  index: 3,
  task: { id: "d", number: 4, name: "the fourth", state: "review", attempt: 2 },
  page: 5,
  detailEnd: 30,
  me: "anna",
  isWide: false,
};

const ui = (more: Partial<Ui> = {}): Ui => ({ ...initialUi(), ...more });

/** Presses one key after another; words in brackets are named keys. */
function keys(from: Ui, around: Surroundings, ...pressed: (string | Key)[]) {
  let last: ReturnType<typeof press> = { ui: from };
  for (const each of pressed) last = typeof each === "string" ? press(last.ui, each, {}, around) : press(last.ui, "", each, around);
  return last;
}

describe("moving", () => {
  test.each<[string, string | Key, { key: string | null; index: number }]>([
    ["j", "j", { key: "e", index: 4 }],
    ["down", { downArrow: true }, { key: "e", index: 4 }],
    ["k", "k", { key: "c", index: 2 }],
    ["up", { upArrow: true }, { key: "c", index: 2 }],
    ["g: the first, whatever it becomes", "g", { key: null, index: 0 }],
    ["G", "G", { key: "h", index: 7 }],
    ["page down, with a line in common", { pageDown: true }, { key: "h", index: 7 }],
    ["page up", { pageUp: true }, { key: null, index: 0 }],
  ])("%s", (_name, key, place) => {
    expect(keys(ui(), AROUND, key).ui.tasks).toEqual(place);
  });

  test("in the log the end is followed, the beginning is a place", () => {
    expect(keys(ui({ view: "log" }), AROUND, "G").ui.log).toEqual({ key: null, index: 7 });
    expect(keys(ui({ view: "log" }), AROUND, "g").ui.log).toEqual({ key: "a", index: 0 });
  });

  test("in the full detail the keys scroll it, within its length", () => {
    expect(keys(ui({ fullDetail: 0 }), AROUND, "j", "j").ui.fullDetail).toBe(2);
    expect(keys(ui({ fullDetail: 29 }), AROUND, { pageDown: true }).ui.fullDetail).toBe(30);
    expect(keys(ui({ fullDetail: 3 }), AROUND, "g").ui.fullDetail).toBe(0);
  });

  test("an empty list goes nowhere", () => {
    const none = { ...AROUND, keys: [], index: -1, task: null };
    for (const key of ["j", "G", "c", "x", "R", "y", "a", "n", "v"]) expect(keys(ui(), none, key)).toEqual({ ui: ui() });
    expect(keys(ui(), none, { return: true }).ui.fullDetail).toBeNull();
  });
});

test("f goes round the views", () => {
  expect(keys(ui(), AROUND, "f").ui.view).toBe("attention");
  expect(keys(ui(), AROUND, "f", "f").ui.view).toBe("all");
  expect(keys(ui(), AROUND, "f", "f", "f").ui.view).toBe("log");
  expect(keys(ui(), AROUND, "f", "f", "f", "f").ui.view).toBe("active");
});

test("Enter and d show the detail: beside the list where that is wide enough, or instead of it", () => {
  expect(keys(ui(), AROUND, "d").ui.fullDetail).toBe(0);
  expect(keys(ui(), AROUND, "d", "d").ui.fullDetail).toBeNull();
  expect(keys(ui(), AROUND, { return: true }).ui.fullDetail).toBe(0);
  const wide = { ...AROUND, isWide: true };
  expect(keys(ui(), wide, "d").ui).toMatchObject({ hasPane: false, fullDetail: null });
  expect(keys(ui(), wide, { return: true }).ui).toMatchObject({ hasPane: true, fullDetail: 0 });
});

test("Esc goes back by one, then quits; q and ^C quit", () => {
  expect(keys(ui({ fullDetail: 2, filter: "x" }), AROUND, { escape: true }).ui).toMatchObject({ fullDetail: null, filter: "x" });
  expect(keys(ui({ filter: "x" }), AROUND, { escape: true }).ui.filter).toBe("");
  expect(keys(ui(), AROUND, { escape: true }).effect).toEqual({ do: "quit" });
  expect(keys(ui(), AROUND, "q").effect).toEqual({ do: "quit" });
  expect(press(ui({ dialog: { kind: "filter", before: "" } }), "c", { ctrl: true }, AROUND).effect).toEqual({ do: "quit" });
});

describe("the filter", () => {
  test("filters while it is typed, and keeps what Enter confirms", () => {
    const typing = keys(ui(), AROUND, "/", "b", "u", "q", { backspace: true }, "g").ui;
    expect(typing).toMatchObject({ filter: "bug", typed: "bug", dialog: { kind: "filter" } });
    expect(keys(typing, AROUND, { return: true }).ui).toMatchObject({ filter: "bug", dialog: null });
    expect(keys(typing, AROUND, { escape: true }).ui).toMatchObject({ filter: "", dialog: null });
  });

  test("letters that are keys elsewhere are letters there", () => {
    expect(keys(ui(), AROUND, "/", "q", "c", "x")).toEqual({ ui: expect.objectContaining({ filter: "qcx" }) });
  });

  test("^U and ^W erase, and a paste is one line of text", () => {
    const typing = { ...ui(), dialog: { kind: "filter", before: "" } as const, typed: "one two" };
    expect(press(typing, "w", { ctrl: true }, AROUND).ui.typed).toBe("one ");
    expect(press(typing, "u", { ctrl: true }, AROUND).ui.typed).toBe("");
    expect(press(typing, " a\x1b[2J\r\nb", {}, AROUND).ui.typed).toBe("one two a [2J b");
    expect(press({ ...typing, typed: "né👩" }, "", { backspace: true }, AROUND).ui.typed).toBe("né");
    expect(press(typing, "x".repeat(9_999), {}, AROUND).ui.typed).toHaveLength(512);
  });
});

describe("sending", () => {
  test("asks for name, kind and priority, with defaults for the last two", () => {
    expect(keys(ui(), AROUND, "s", "f", "i", "x", { return: true }, { return: true }, { return: true }).effect).toEqual({
      do: "send",
      name: "fix",
      kind: "task",
      priority: "normal",
    });
    expect(keys(ui(), AROUND, "s", "a", { return: true }, "b", "u", "g", { return: true }, "h", { return: true }).effect).toEqual({
      do: "send",
      name: "a",
      kind: "bug",
      priority: "h",
    });
  });

  test("without a name, or after Esc, nothing is sent", () => {
    expect(keys(ui(), AROUND, "s", " ", { return: true })).toEqual({ ui: ui() });
    expect(keys(ui(), AROUND, "s", "a", { return: true }, { escape: true })).toEqual({ ui: ui() });
  });
});

test("c asks before it cancels, and only y is yes; the task is the one that was asked about", () => {
  const asking = keys(ui(), AROUND, "c");
  expect(asking.ui.dialog).toMatchObject({ kind: "cancel", number: 4 });
  expect(asking.effect).toBeUndefined();
  const elsewhere = { ...AROUND, task: { id: "e", number: 5, name: "another", state: null, attempt: null } };
  expect(press(asking.ui, "y", {}, elsewhere)).toEqual({ ui: ui(), effect: { do: "cancel", id: "d", number: 4 } });
  for (const key of ["n", "c", "j", " "]) expect(press(asking.ui, key, {}, AROUND)).toEqual({ ui: ui() });
  expect(press(asking.ui, "", { return: true }, AROUND)).toEqual({ ui: ui() });
});

test.each([
  ["x", { do: "release", id: "d", number: 4 }],
  ["y", { do: "copy", id: "d", number: 4 }],
  ["r", { do: "resync" }],
  ["p", { do: "pause", on: true }],
])("%s", (key, effect) => {
  expect(keys(ui(), AROUND, key).effect).toEqual(effect);
});

describe("approving", () => {
  test("asks first; y and Enter are yes, and decide on the attempt that was on the screen", () => {
    const asking = keys(ui(), AROUND, "a");
    expect(asking).toEqual({ ui: ui({ dialog: { kind: "approve", id: "d", number: 4, name: "the fourth", attempt: 2 } }) });
    const elsewhere: Surroundings = { ...AROUND, task: { id: "e", number: 5, name: "another", state: "review", attempt: 7 } };
    const effect = { do: "approve", id: "d", number: 4, attempt: 2 };
    expect(press(asking.ui, "y", {}, elsewhere)).toEqual({ ui: ui(), effect });
    expect(press(asking.ui, "", { return: true }, elsewhere)).toEqual({ ui: ui(), effect });
    for (const key of ["n", "a", "j", " ", "q"]) expect(press(asking.ui, key, {}, elsewhere)).toEqual({ ui: ui() });
    expect(press(asking.ui, "", { escape: true }, elsewhere)).toEqual({ ui: ui() });
    expect(press(asking.ui, "v", {}, elsewhere).ui).toMatchObject({ dialog: null, story: { id: "d", number: 4, top: 0 } });
  });

  test("what is not in review, or nobody's to approve, is refused with the rule", () => {
    const open: Surroundings = { ...AROUND, task: { id: "d", number: 4, name: "the fourth", state: "claimed", attempt: 1 } };
    expect(keys(ui(), open, "a")).toEqual({
      ui: ui(),
      effect: { do: "say", tone: "bad", text: "#4 is In Progress: only work that was handed in, and is in Review, is approved" },
    });
    for (const key of ["a", "n", "R"]) {
      const { ui: after, effect } = keys(ui(), { ...AROUND, me: null }, key);
      expect(after).toEqual(ui());
      expect(effect).toMatchObject({ do: "say", tone: "bad", text: expect.stringContaining("coord heartbeat --as NAME --remember") });
    }
  });

  test("r in the question, and R on what is in review, ask for changes; R on anything else retries it", () => {
    const changes = { kind: "write", what: "changes", id: "d", number: 4, attempt: 2 };
    expect(keys(ui(), AROUND, "a", "r").ui.dialog).toMatchObject(changes);
    expect(keys(ui(), AROUND, "R").ui.dialog).toMatchObject(changes);
    const failed: Surroundings = { ...AROUND, task: { id: "d", number: 4, name: "the fourth", state: "failed", attempt: 1 } };
    expect(keys(ui(), failed, "R").effect).toEqual({ do: "retry", id: "d", number: 4 });
  });
});

describe("writing", () => {
  const ENTER = { return: true };

  test("letters are text, ^J and Alt-Enter break the line, Enter sends it as it is and keeps it until the server has it", () => {
    const { ui: sending, effect } = keys(ui(), AROUND, "n", "q", "a", "\n", "b", { return: true, meta: true }, "né👩", ENTER);
    expect(effect).toMatchObject({ do: "write", written: { what: "note", id: "d", number: 4, text: { text: "qa\nb\nné👩" } } });
    expect(sending.dialog).toMatchObject({ kind: "write", isSending: true, text: { text: "qa\nb\nné👩" } });
    expect(press(sending, "x", {}, AROUND).ui.dialog).toEqual(sending.dialog);
    expect(keys(sending, AROUND, { escape: true }, "n").ui.dialog).toMatchObject({ text: { text: "qa\nb\nné👩" } });
  });

  test("Esc leaves it, and the same key on the same task has it back; another's is its own", () => {
    const left = keys(ui(), AROUND, "n", "h", "m", { escape: true });
    expect(left.effect).toBeUndefined();
    expect(left.ui.dialog).toBeNull();
    expect(keys(left.ui, AROUND, "n").ui.dialog).toMatchObject({ text: { text: "hm", cursor: 2 } });
    expect(keys(left.ui, AROUND, "R").ui.dialog).toMatchObject({ text: { text: "" } });
    const other: Surroundings = { ...AROUND, task: { id: "e", number: 5, name: "another", state: "pending", attempt: 0 } };
    expect(keys(left.ui, other, "n").ui.dialog).toMatchObject({ text: { text: "" } });
  });

  test("nothing is nothing to send", () => {
    expect(keys(ui(), AROUND, "n", " ", ENTER)).toEqual({ ui: ui() });
  });

  test("a text stays within what a note may have, and says so", () => {
    const full = keys(ui(), AROUND, "n", "x".repeat(LIMITS.note_bytes.value)).ui;
    const more = press(full, "é", {}, AROUND);
    expect(more.ui.dialog).toEqual(full.dialog);
    expect(more.effect).toMatchObject({ do: "say", text: "that is as long as it may be: 64 KiB" });
  });
});

test("v opens the story; it scrolls within its length, and Esc, q, v and Enter go back", () => {
  const open = keys(ui(), AROUND, "v").ui;
  expect(open.story).toEqual({ id: "d", number: 4, name: "the fourth", top: 0 });
  expect(keys(open, AROUND, "j", "j").ui.story?.top).toBe(2);
  expect(keys(open, AROUND, "G").ui.story?.top, "its end, wherever that will be").toBe(Number.POSITIVE_INFINITY);
  expect(keys(open, AROUND, "G", "k").ui.story?.top).toBe(29);
  expect(keys(open, AROUND, "G", "g").ui.story?.top).toBe(0);
  expect(keys(open, { ...AROUND, detailEnd: 0 }, "G").ui.story?.top).toBe(0);
  for (const key of ["q", "v", { escape: true }, { return: true }]) expect(keys(open, AROUND, key)).toEqual({ ui: ui() });
  expect(keys(open, AROUND, "n").ui).toMatchObject({ story: { id: "d" }, dialog: { kind: "write", id: "d" } });
});

test("A shows stale agents, p pauses and goes on, ? helps until the next key", () => {
  expect(keys(ui(), AROUND, "A").ui.showsStale).toBe(true);
  expect(keys(ui(), AROUND, "p").ui.isPaused).toBe(true);
  expect(keys(ui(), AROUND, "p", "p")).toMatchObject({ ui: { isPaused: false }, effect: { do: "pause", on: false } });
  expect(keys(ui(), AROUND, "?").ui.isHelp).toBe(true);
  expect(keys(ui(), AROUND, "?", "x")).toEqual({ ui: ui() });
});

test("a key takes the last notice away", () => {
  expect(keys(ui({ notice: { text: "sent #1", tone: "good", until: 0 } }), AROUND, "j").ui.notice).toBeNull();
});
