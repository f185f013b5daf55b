import { LIMITS } from "../../../protocol/limits.ts";
import { characters } from "../text.ts";
import { edited as editedText } from "./editor.ts";
import type { Key, Pressed } from "./keys.ts";
import { type Dialog, NOWHERE, SEND_FIELDS, type SendField, type Ui, type Writing, withDraft, writing } from "./state.ts";

export const DEFAULTS: Readonly<Record<SendField, string>> = { name: "", kind: "task", priority: "normal" };

/** Says something at the foot, and does nothing else. */
export function saying(ui: Ui, text: string): Pressed {
  return { ui, effect: { do: "say", text, tone: "bad" } };
}

/** What a key does while a question is open. */
export function answering(ui: Ui, dialog: Dialog, input: string, key: Key): Pressed {
  const closed: Ui = { ...ui, dialog: null, typed: "" };
  if (dialog.kind === "write") return inWriting(ui, closed, dialog, input, key);
  if (dialog.kind === "approve") {
    const { id, number, attempt } = dialog;
    if (key.return || input === "y" || input === "Y") return { ui: closed, effect: { do: "approve", id, number, attempt } };
    if (input === "r" || input === "R") return { ui: writing(ui, "changes", dialog) };
    if (input === "v") return { ui: { ...closed, story: { id, number, name: dialog.name, top: 0 } } };
    return { ui: closed };
  }
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

/** Enter sends, ^J and Alt-Enter begin a new line, Esc leaves; what was written is kept until the server has it. */
function inWriting(ui: Ui, closed: Ui, dialog: Writing, input: string, key: Key): Pressed {
  const { text } = dialog.text;
  if (key.escape) return { ui: withDraft(closed, dialog, text) };
  if (dialog.isSending) return { ui };
  if (key.return && !key.meta) {
    if (text.trim() === "") return { ui: withDraft(closed, dialog, "") };
    return { ui: { ...withDraft(ui, dialog, text), dialog: { ...dialog, isSending: true } }, effect: { do: "write", written: dialog } };
  }
  if (key.tab) return { ui };
  const given = key.return ? "\n" : input;
  const next = editedText(dialog.text, given, key.return ? {} : key, LIMITS.note_bytes.value);
  const isFull = next === dialog.text && given !== "" && !key.ctrl && !key.meta;
  const after: Ui = { ...ui, dialog: { ...dialog, text: next } };
  return isFull ? saying(after, `that is as long as it may be: ${LIMITS.note_bytes.value / 1024} KiB`) : { ui: after };
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
