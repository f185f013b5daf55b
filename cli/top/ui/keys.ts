import { VIEWS } from "../model/view-names.ts";
import { characters, safe } from "../text.ts";
import { type Dialog, NOWHERE, type Place, SEND_FIELDS, type SendField, type Ui } from "./state.ts";

/** A key as ink reports it; only what is used here. */
export interface Key {
  readonly upArrow?: boolean;
  readonly downArrow?: boolean;
  readonly pageUp?: boolean;
  readonly pageDown?: boolean;
  readonly home?: boolean;
  readonly end?: boolean;
  readonly return?: boolean;
  readonly escape?: boolean;
  readonly backspace?: boolean;
  readonly delete?: boolean;
  readonly ctrl?: boolean;
  readonly meta?: boolean;
  readonly tab?: boolean;
}

/** What a key asks for beyond a change of the screen. */
export type Effect =
  | { readonly do: "quit" }
  | { readonly do: "resync" }
  | { readonly do: "pause"; readonly on: boolean }
  | { readonly do: "send"; readonly name: string; readonly kind: string; readonly priority: string }
  | { readonly do: "cancel" | "release" | "retry"; readonly id: string; readonly number: number }
  | { readonly do: "copy"; readonly id: string; readonly number: number };

/** What the keys act on: the list as it is shown now. */
export interface Surroundings {
  /** The lines' keys, in order. */
  readonly keys: readonly string[];
  /** Where the selection is among them; -1 where there is no line. */
  readonly index: number;
  /** The task of the selected line. */
  readonly task: { readonly id: string; readonly number: number; readonly name: string } | null;
  /** Lines of the list that are on the screen. */
  readonly page: number;
  /** Furthest that the full detail can be scrolled. */
  readonly detailEnd: number;
  /** Whether the detail has room beside the list. */
  readonly isWide: boolean;
}

export interface Pressed {
  readonly ui: Ui;
  readonly effect?: Effect;
}

const DEFAULTS: Readonly<Record<SendField, string>> = { name: "", kind: "task", priority: "normal" };

/** What a key does. Deterministic: the same screen and key give the same screen and effect. */
export function press(ui: Ui, input: string, key: Key, around: Surroundings): Pressed {
  if (key.ctrl && input === "c") return { ui, effect: { do: "quit" } };
  const seen: Ui = { ...ui, notice: null };
  if (seen.dialog) return inDialog(seen, seen.dialog, input, key);
  if (seen.isHelp) return { ui: { ...seen, isHelp: false }, ...(input === "q" ? { effect: { do: "quit" } as const } : {}) };
  if (key.escape) return back(seen);
  const scrolled = scroll(seen, input, key, around);
  if (scrolled) return { ui: scrolled };
  if (key.return) return { ui: { ...seen, fullDetail: seen.fullDetail === null && around.task ? 0 : null } };
  if (key.ctrl || key.meta)
    return { ui: key.ctrl && input === "l" ? seen : ui, ...(key.ctrl && input === "l" ? { effect: { do: "resync" } as const } : {}) };
  return letter(seen, input, around);
}

/** Esc goes back by one: out of the detail, out of a filter, out of the program. */
function back(ui: Ui): Pressed {
  if (ui.fullDetail !== null) return { ui: { ...ui, fullDetail: null } };
  if (ui.filter !== "") return { ui: { ...ui, filter: "" } };
  return { ui, effect: { do: "quit" } };
}

function letter(ui: Ui, input: string, around: Surroundings): Pressed {
  const { task } = around;
  const onTask = (act: (id: string, number: number, name: string) => Pressed): Pressed =>
    task ? act(task.id, task.number, task.name) : { ui };
  switch (input) {
    case "q":
      return { ui, effect: { do: "quit" } };
    case "d":
      if (around.isWide && ui.fullDetail === null) return { ui: { ...ui, hasPane: !ui.hasPane } };
      return { ui: { ...ui, fullDetail: ui.fullDetail === null && task ? 0 : null } };
    case "f":
      return {
        ui: { ...ui, view: VIEWS[(VIEWS.indexOf(ui.view) + 1) % VIEWS.length] ?? "active", tasks: NOWHERE, log: NOWHERE, fullDetail: null },
      };
    case "/":
      return { ui: { ...ui, dialog: { kind: "filter", before: ui.filter }, typed: ui.filter, fullDetail: null } };
    case "A":
      return { ui: { ...ui, showsStale: !ui.showsStale } };
    case "p":
      return { ui: { ...ui, isPaused: !ui.isPaused }, effect: { do: "pause", on: !ui.isPaused } };
    case "r":
      return { ui: { ...ui, isPaused: false }, effect: { do: "resync" } };
    case "s":
      return { ui: { ...ui, dialog: { kind: "send", field: "name", given: DEFAULTS }, typed: "" } };
    case "c":
      return onTask((id, number, name) => ({ ui: { ...ui, dialog: { kind: "cancel", id, number, name }, typed: "" } }));
    case "x":
      return onTask((id, number) => ({ ui, effect: { do: "release", id, number } }));
    case "R":
      return onTask((id, number) => ({ ui, effect: { do: "retry", id, number } }));
    case "y":
      return onTask((id, number) => ({ ui, effect: { do: "copy", id, number } }));
    case "?":
      return { ui: { ...ui, isHelp: true } };
    default:
      return { ui };
  }
}

/** How far a key moves, as a step or to an end; undefined where it is no such key. */
function movement(input: string, key: Key, page: number): number | undefined {
  if (key.downArrow || input === "j") return 1;
  if (key.upArrow || input === "k") return -1;
  if (key.pageDown) return Math.max(1, page - 1);
  if (key.pageUp) return -Math.max(1, page - 1);
  if (key.home || input === "g") return Number.NEGATIVE_INFINITY;
  if (key.end || input === "G") return Number.POSITIVE_INFINITY;
  return undefined;
}

function scroll(ui: Ui, input: string, key: Key, around: Surroundings): Ui | undefined {
  if (key.ctrl || key.meta) return undefined;
  const step = movement(input, key, around.page);
  if (step === undefined) return undefined;
  if (ui.fullDetail !== null) return { ...ui, fullDetail: clamp(ui.fullDetail + step, 0, around.detailEnd) };
  const end = around.keys.length - 1;
  if (end < 0) return ui;
  const index = clamp(around.index + step, 0, end);
  // At the log's newest line one goes on with it, and at the top of a list with whatever comes to stand there.
  const isFollowing = ui.view === "log" ? index === end : index === 0;
  const place: Place = { key: isFollowing ? null : (around.keys[index] ?? null), index };
  return ui.view === "log" ? { ...ui, log: place } : { ...ui, tasks: place };
}

function inDialog(ui: Ui, dialog: Dialog, input: string, key: Key): Pressed {
  const closed: Ui = { ...ui, dialog: null, typed: "" };
  if (dialog.kind === "cancel") {
    const { id, number } = dialog;
    return input === "y" || input === "Y" ? { ui: closed, effect: { do: "cancel", id, number } } : { ui: closed };
  }
  if (key.escape) return { ui: dialog.kind === "filter" ? { ...closed, filter: "" } : closed };
  if (key.return || key.tab) return dialog.kind === "filter" ? { ui: closed } : sendStep(closed, dialog, ui.typed);
  const typed = edited(ui.typed, input, key);
  const next: Ui = { ...ui, typed };
  return { ui: dialog.kind === "filter" ? { ...next, filter: typed, tasks: NOWHERE, log: NOWHERE } : next };
}

function sendStep(closed: Ui, dialog: Dialog & { kind: "send" }, typed: string): Pressed {
  const value = typed.trim() || DEFAULTS[dialog.field];
  // A task has to have a name: without one, nothing is sent.
  if (value === "") return { ui: closed };
  const given = { ...dialog.given, [dialog.field]: value };
  const field = SEND_FIELDS[SEND_FIELDS.indexOf(dialog.field) + 1];
  if (field) return { ui: { ...closed, dialog: { kind: "send", field, given } } };
  return { ui: closed, effect: { do: "send", ...given } };
}

const MOST_TYPED_CHARS = 512;

/** The text after a key: typing and pasting add to its end, Backspace takes the last character, ^U everything, ^W a word. */
function edited(text: string, input: string, key: Key): string {
  if (key.backspace || key.delete) return characters(text).slice(0, -1).join("");
  if (key.ctrl && input === "u") return "";
  if (key.ctrl && input === "w") return text.replace(/\S*\s*$/, "");
  if (key.ctrl || key.meta || key.upArrow || key.downArrow || key.pageUp || key.pageDown) return text;
  // A paste may hold line breaks and worse; a line of text is wanted.
  const line = input.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ");
  return (text + line).slice(0, MOST_TYPED_CHARS);
}

/** What is shown of what is being typed. */
export function typedText(text: string): string {
  return safe(text);
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
