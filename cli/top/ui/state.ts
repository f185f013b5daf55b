import type { ViewName } from "../model/view-names.ts";

/** What stands between the keys and the list. */
export type Dialog =
  | { readonly kind: "filter"; readonly before: string }
  | { readonly kind: "send"; readonly field: SendField; readonly given: Readonly<Record<SendField, string>> }
  | { readonly kind: "cancel"; readonly id: string; readonly number: number; readonly name: string };

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
  readonly showsStale: boolean;
  readonly isPaused: boolean;
  readonly tasks: Place;
  readonly log: Place;
  readonly notice: Notice | null;
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
    showsStale: false,
    isPaused: false,
    tasks: NOWHERE,
    log: NOWHERE,
    notice: null,
  };
}
