import type { Detail } from "../model/detail.ts";
import { spanText } from "../model/times.ts";
import { cell, fit, safe, safeLines, width as widthOf, wrap } from "../text.ts";
import type { Size } from "./layout.ts";
import { type Line, line, span } from "./line.ts";
import type { Dialog, Ui, Writing } from "./state.ts";

/** What the question that is open is drawn from. */
export interface Dialogue {
  readonly ui: Ui;
  readonly size: Size;
  readonly now: number;
  /** Who acts; null where nothing says who that is. */
  readonly me: string | null;
  /** The record of the task that the question is about, as far as it has been read. */
  readonly detail: Detail | undefined;
}

/** A question may take this part of the screen; more of what it shows is in the history. */
const MOST_PART = 0.5;
const MOST_SUMMARY_LINES = 6;

/** The lines of the question that is open; none where there is none. */
export function dialogLines(of: Dialogue): Line[] {
  const { dialog, typed } = of.ui;
  if (dialog === null) return [];
  if (dialog.kind === "approve") return approveLines(dialog, of);
  if (dialog.kind === "write") return writeLines(dialog, of);
  return [dialogLine(dialog, typed, of.size.columns)];
}

function dialogLine(dialog: Exclude<Dialog, { kind: "approve" | "write" }>, typed: string, width: number): Line {
  switch (dialog.kind) {
    case "filter":
      return asked(" filter: ", typed, "   Enter keeps it, Esc drops it", width);
    case "send": {
      const sofar = dialog.field === "name" ? "" : ` ${fit(safe(dialog.given.name), 24)},`;
      const hint = dialog.field === "name" ? "   Enter goes on, Esc leaves it" : `   Enter: ${dialog.given[dialog.field]}`;
      return asked(` send${sofar} ${dialog.field}: `, typed, typed === "" || dialog.field === "name" ? hint : "", width);
    }
    case "cancel":
      return line(
        span(fit(` cancel #${dialog.number} ${safe(dialog.name)}`, width - 22), "strong"),
        span(" for ever? y / any key no", "bad"),
      );
  }
}

/** A question with what has been typed so far: of a long text its end, where the typing goes on. */
function asked(label: string, typed: string, hint: string, width: number): Line {
  const room = Math.max(1, width - widthOf(label) - 2);
  let text = safe(typed);
  while (widthOf(text) > room) text = text.slice(Math.max(1, text.length - room));
  const after = width - widthOf(label) - widthOf(text) - 1;
  return line(span(label, "strong"), span(text), span("▏", "info"), span(cell(hint, Math.max(0, after)), "dim"));
}

/** What is about to be approved: the attempt, who worked on it, what they said of it, and what stands against it. */
function approveLines(dialog: Dialog & { kind: "approve" }, { size, now, me, detail }: Dialogue): Line[] {
  const { columns: width } = size;
  const number = dialog.attempt ?? detail?.task.attempt;
  const which = number === undefined ? "" : `attempt ${number} of `;
  const lines = [line(span(fit(`${by(me)}approve ${which}#${dialog.number} ${safe(dialog.name)}?`, width), "strong"))];
  const say = (label: string, text: string, tone: "plain" | "bad" = "plain") =>
    lines.push(line(span(`   ${label.padEnd(9)}`, "dim"), span(fit(safe(text), width - 12), tone)));
  if (!detail) lines.push(line(span("   reading…", "dim")));
  else {
    const { attempts, claims, reviews } = detail.history;
    const holders = [...new Set(claims.filter((claim) => claim.attempt === number).map((claim) => claim.agent_id))];
    const attempt = attempts.find((one) => one.number === number);
    const when = attempt?.ended_at ? `, handed in ${spanText(now - Date.parse(attempt.ended_at))} ago` : "";
    say("work of", `${holders.join(", ") || "nobody"}${when}`);
    const room = Math.max(1, Math.min(MOST_SUMMARY_LINES, Math.floor(size.rows * MOST_PART) - 5));
    const told = [
      ...(attempt?.summary ? safeLines(attempt.summary) : ["no summary was given"]).flatMap((text) => wrap(text, width - 12)),
      ...(attempt?.result === null || attempt?.result === undefined
        ? []
        : [fit(safe(`result ${JSON.stringify(attempt.result).slice(0, 2_000)}`), width - 12)]),
    ];
    const shown = told.length > room ? [...told.slice(0, room - 1), "… all of it: v"] : told;
    for (const [index, text] of shown.entries()) say(index === 0 ? "summary" : "", text);
    const decided = reviews.filter((one) => one.attempt === number && one.decision !== "comment");
    if (decided.length > 0) say("decided", decided.map((one) => `${one.reviewer}: ${one.decision.replace("_", " ")}`).join(", "));
    if (me !== null && holders.includes(me)) say("but", `${me} worked on it: somebody else has to decide`, "bad");
  }
  lines.push(
    keysLine(
      [
        ["y", "or Enter approves"],
        ["r", "asks for changes"],
        ["v", "history"],
        ["any other key", "leaves"],
      ],
      width,
    ),
  );
  return lines;
}

/** A text of several lines with its cursor; of a long one the part around the cursor. */
function writeLines({ what, number, name, attempt, text, isSending }: Writing, { size, me }: Dialogue): Line[] {
  const { columns: width } = size;
  const title =
    what === "note"
      ? `${by(me)}a note on #${number} ${safe(name)}`
      : `${by(me)}what is to be changed in attempt ${attempt ?? "?"} of #${number} ${safe(name)}?`;
  const parts = [text.text.slice(0, text.cursor), text.text.slice(text.cursor)] as const;
  const marked = safeLines(`${parts[0]}${CURSOR}${parts[1]}`).flatMap((each) => wrap(each, width - 4));
  const at = marked.findIndex((each) => each.includes(CURSOR));
  const room = Math.max(1, Math.floor(size.rows * MOST_PART) - 4);
  const top = Math.max(0, Math.min(at - room + 1 + Math.floor(room / 2), marked.length - room));
  const body = marked.slice(top, top + room).map((each) => {
    const cursor = each.indexOf(CURSOR);
    if (cursor === -1) return line(span(` │ ${each}`));
    return line(span(` │ ${each.slice(0, cursor)}`), span("▏", "info"), span(each.slice(cursor + CURSOR.length)));
  });
  const hint = isSending
    ? line(span(fit(" sending…   Esc leaves it; what you wrote is kept", width), "dim"))
    : keysLine(
        [
          ["Enter", "sends"],
          ["^J", "a new line"],
          ["Esc", "leaves, and keeps it"],
        ],
        width,
      );
  return [line(span(fit(title, width), "strong")), ...body, hint];
}

/** Stands for the cursor while lines are broken: of a private range, one column wide. */
const CURSOR = "\ue0c7";

/** Whose act it would be. */
function by(me: string | null): string {
  return me === null ? " " : ` ${safe(me)}: `;
}

/** The keys that answer, as many as there is room for. */
function keysLine(keys: readonly (readonly [string, string])[], width: number): Line {
  const spans = [span(" ")];
  let used = 1;
  for (const [key, does] of keys) {
    if (used + key.length + does.length + 3 > width) break;
    spans.push(span(key, "strong"), span(` ${does}  `, "dim"));
    used += key.length + does.length + 3;
  }
  return line(...spans);
}
