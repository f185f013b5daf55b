import type { ViewName } from "../model/view-names.ts";
import { EMPTY, type Text } from "./editor.ts";

/** What stands between the keys and the list. */
export type Dialog =
  | { readonly kind: "filter"; readonly before: string }
  | { readonly kind: "send"; readonly field: SendField; readonly given: Readonly<Record<SendField, string>> }
  | { readonly kind: "cancel"; readonly id: string; readonly number: number; readonly name: string }
  | { readonly kind: "approve"; readonly id: string; readonly number: number; readonly name: string; readonly attempt: number | null }
  | Writing;

/** What a longer text is written for: a note on a task, or what is to be changed in work that is in review. */
export type WritingFor = "note" | "changes";

export interface Writing {
  readonly kind: "write";
  readonly what: WritingFor;
  readonly id: string;
  readonly number: number;
  readonly name: string;
  /** The attempt that was on the screen: a decision is on that one. */
  readonly attempt: number | null;
  readonly text: Text;
  /** It is on its way; the text stays until the server has it. */
  readonly isSending: boolean;
}

export const SEND_FIELDS = ["name", "kind", "priority"] as const;
export type SendField = (typeof SEND_FIELDS)[number];

/** A line at the foot about what was just done or refused. `until`: when it goes, in milliseconds since 1970. */
export interface Notice {
  readonly text: string;
  readonly tone: "good" | "bad" | "info";
  readonly until: number;
}

/**
 * Where in a list one is. `key` names the line (a task's id, an event's seq), so that the selection stays with it when lines come and go
 * above; `index` is where it was, for when it is gone. A null key follows the list's first line, in the log its newest.
 */
export interface Place {
  readonly key: string | null;
  readonly index: number;
}

/** The operator's side of the screen; everything else is the board's. Changed by `keys.ts` alone. */
export interface Ui {
  readonly view: ViewName;
  readonly filter: string;
  readonly dialog: Dialog | null;
  /** What is being typed into the dialog. */
  readonly typed: string;
  readonly isHelp: boolean;
  /** The detail beside the list, where there is room. */
  readonly hasPane: boolean;
  /** The detail instead of the list, scrolled down by so many lines; null where it is not open. */
  readonly fullDetail: number | null;
  /** One task's story instead of everything, scrolled down by `top` lines, Infinity for its end; null where it is not open. */
  readonly story: { readonly id: string; readonly number: number; readonly name: string; readonly top: number } | null;
  /** What was written and not sent, by what it is for and the task's id: it is there again when the key is pressed again. */
  readonly drafts: Readonly<Record<string, string>>;
  readonly showsStale: boolean;
  readonly isPaused: boolean;
  readonly tasks: Place;
  readonly log: Place;
  readonly notice: Notice | null;
}

export function draftKey({ what, id }: Pick<Writing, "what" | "id">): string {
  return `${what} ${id}`;
}

/** Opens the writing of a text, with what was left unsent the last time. */
export function writing(ui: Ui, what: WritingFor, task: { id: string; number: number; name: string; attempt: number | null }): Ui {
  const { id, number, name, attempt } = task;
  const draft = ui.drafts[draftKey({ what, id })];
  const text = draft === undefined ? EMPTY : { text: draft, cursor: draft.length };
  return { ...ui, dialog: { kind: "write", what, id, number, name, attempt, text, isSending: false }, typed: "" };
}

/** Keeps, or with an empty text forgets, what was written. */
export function withDraft(ui: Ui, of: Pick<Writing, "what" | "id">, text: string): Ui {
  const { [draftKey(of)]: _before, ...others } = ui.drafts;
  return { ...ui, drafts: text.trim() === "" ? others : { ...others, [draftKey(of)]: text } };
}

export const NOWHERE: Place = { key: null, index: 0 };

export function initialUi(view: ViewName = "active", filter = ""): Ui {
  return {
    view,
    filter,
    dialog: null,
    typed: "",
    isHelp: false,
    hasPane: true,
    fullDetail: null,
    story: null,
    drafts: {},
    showsStale: false,
    isPaused: false,
    tasks: NOWHERE,
    log: NOWHERE,
    notice: null,
  };
}
