import { STATES, type State } from "../../../protocol/lifecycle.ts";
import { VIEWS } from "../model/view-names.ts";
import { answering, DEFAULTS, saying } from "./answering.ts";
import { NOWHERE, type Notice, type Place, type Ui, type Writing, writing } from "./state.ts";

/** A key as ink reports it; only what is used here. */
export interface Key {
  readonly upArrow?: boolean;
  readonly downArrow?: boolean;
  readonly leftArrow?: boolean;
  readonly rightArrow?: boolean;
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
  | { readonly do: "copy"; readonly id: string; readonly number: number }
  | { readonly do: "approve"; readonly id: string; readonly number: number; readonly attempt: number | null }
  | { readonly do: "write"; readonly written: Writing }
  | { readonly do: "say"; readonly text: string; readonly tone: Notice["tone"] };

/** What the keys act on: the list as it is shown now. */
export interface Surroundings {
  /** The lines' keys, in order. */
  readonly keys: readonly string[];
  /** Where the selection is among them; -1 where there is no line. */
  readonly index: number;
  /** The task that is acted on; its state and attempt where this screen has its row. */
  readonly task: ActedOn | null;
  /** Lines of the list that are on the screen. */
  readonly page: number;
  /** Furthest that the full detail, or the story, can be scrolled. */
  readonly detailEnd: number;
  /** Who acts; null where nothing says who that is. */
  readonly me: string | null;
  /** Whether the detail has room beside the list. */
  readonly isWide: boolean;
}

export interface ActedOn {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly state: State | null;
  readonly attempt: number | null;
}

export interface Pressed {
  readonly ui: Ui;
  readonly effect?: Effect;
}

/** What a key does. Deterministic: the same screen and key give the same screen and effect. */
export function press(ui: Ui, input: string, key: Key, around: Surroundings): Pressed {
  if (key.ctrl && input === "c") return { ui, effect: { do: "quit" } };
  const seen: Ui = { ...ui, notice: null };
  if (seen.dialog) return answering(seen, seen.dialog, input, key);
  if (seen.isHelp) return { ui: { ...seen, isHelp: false }, ...(input === "q" ? { effect: { do: "quit" } as const } : {}) };
  if (key.escape) return back(seen);
  const scrolled = scroll(seen, input, key, around);
  if (scrolled) return { ui: scrolled };
  if (seen.story !== null && (key.return || input === "q" || input === "v" || input === "d")) return { ui: { ...seen, story: null } };
  if (key.return) return { ui: { ...seen, fullDetail: seen.fullDetail === null && around.task ? 0 : null } };
  if (key.ctrl || key.meta)
    return { ui: key.ctrl && input === "l" ? seen : ui, ...(key.ctrl && input === "l" ? { effect: { do: "resync" } as const } : {}) };
  return letter(seen, input, around);
}

/** Esc goes back by one: out of a story, out of the detail, out of a filter, out of the program. */
function back(ui: Ui): Pressed {
  if (ui.story !== null) return { ui: { ...ui, story: null } };
  if (ui.fullDetail !== null) return { ui: { ...ui, fullDetail: null } };
  if (ui.filter !== "") return { ui: { ...ui, filter: "" } };
  return { ui, effect: { do: "quit" } };
}

function letter(ui: Ui, input: string, around: Surroundings): Pressed {
  const { task } = around;
  const onTask = (act: (id: string, number: number, name: string) => Pressed): Pressed =>
    task ? act(task.id, task.number, task.name) : { ui };
  const asMe = (act: (task: ActedOn) => Pressed): Pressed => (task === null ? { ui } : around.me === null ? saying(ui, NOBODY) : act(task));
  switch (input) {
    case "q":
      return { ui, effect: { do: "quit" } };
    case "d":
      if (around.isWide && ui.fullDetail === null) return { ui: { ...ui, hasPane: !ui.hasPane } };
      return { ui: { ...ui, fullDetail: ui.fullDetail === null && task ? 0 : null } };
    case "f":
      return {
        ui: {
          ...ui,
          view: VIEWS[(VIEWS.indexOf(ui.view) + 1) % VIEWS.length] ?? "active",
          ...{ tasks: NOWHERE, log: NOWHERE, fullDetail: null, story: null },
        },
      };
    case "/":
      return { ui: { ...ui, dialog: { kind: "filter", before: ui.filter }, typed: ui.filter, fullDetail: null, story: null } };
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
      if (task?.state === "review") return asMe((one) => ({ ui: writing(ui, "changes", one) }));
      return onTask((id, number) => ({ ui, effect: { do: "retry", id, number } }));
    case "a":
      return asMe((one) => approving(ui, one));
    case "n":
      return asMe((one) => ({ ui: writing(ui, "note", one) }));
    case "v":
      return onTask((id, number, name) => ({ ui: { ...ui, story: { id, number, name, top: 0 } } }));
    case "y":
      return onTask((id, number) => ({ ui, effect: { do: "copy", id, number } }));
    case "?":
      return { ui: { ...ui, isHelp: true } };
    default:
      return { ui };
  }
}

/** Said where a person's own act is asked for, and nobody knows whose it would be. */
const NOBODY = "nothing says who you are. Once and for all: coord heartbeat --as NAME --remember (or begin with: coord top --as NAME)";

/** Only what is in review is approved; where the state is not known here, the server says so. */
function approving(ui: Ui, { id, number, name, state, attempt }: ActedOn): Pressed {
  if (state !== null && state !== "review")
    return saying(ui, `#${number} is ${STATES[state].label}: only work that was handed in, and is in Review, is approved`);
  return { ui: { ...ui, dialog: { kind: "approve", id, number, name, attempt }, typed: "" } };
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
  if (ui.story !== null) {
    const end = around.detailEnd;
    const top = clamp(Math.min(ui.story.top, end) + step, 0, end);
    // at its end one goes on with it, as it grows
    return { ...ui, story: { ...ui.story, top: top === end && end > 0 ? Number.POSITIVE_INFINITY : top } };
  }
  if (ui.fullDetail !== null) return { ...ui, fullDetail: clamp(ui.fullDetail + step, 0, around.detailEnd) };
  const end = around.keys.length - 1;
  if (end < 0) return ui;
  const index = clamp(around.index + step, 0, end);
  // At the log's newest line one goes on with it, and at the top of a list with whatever comes to stand there.
  const isFollowing = ui.view === "log" ? index === end : index === 0;
  const place: Place = { key: isFollowing ? null : (around.keys[index] ?? null), index };
  return ui.view === "log" ? { ...ui, log: place } : { ...ui, tasks: place };
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
