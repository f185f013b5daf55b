import { type Line, line, span } from "./line.ts";

export const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["j k ↑ ↓", "move; g G: first, last (in the log: follow it); PgUp PgDn: a page"],
  ["Enter", "the task in full, to scroll through"],
  ["d", "detail beside the list, or instead of it"],
  ["v", "its story from the beginning; Esc, q or v goes back"],
  ["a", "approve what is in review, after asking; r there asks for changes"],
  ["n", "a note on it; ^J: a new line, Enter: send, Esc: leave"],
  ["f", "view: active, attention, all, log"],
  ["/", "filter as you type; Enter keeps it, Esc drops it"],
  ["A", "show agents not seen for a minute (stale)"],
  ["p r", "pause: hold the screen still; resync: read everything anew"],
  ["s", "send a task: name, kind, priority"],
  ["c", "cancel the task, after asking"],
  ["x", "release it: take it from whoever holds it"],
  ["R", "retry it, after it failed; in review: ask for changes"],
  ["y", "copy its id to the clipboard"],
  ["q Esc", "back, then quit"],
];

const NOTES: readonly string[] = [
  "● active: seen within 15 s   ◐ idle: within 60 s   ○ stale",
  "Tasks and counts follow the log as it is written. That an agent is there",
  "and that a lease was extended is not in the log: looked up every 5 s.",
];

export function helpLines(): Line[] {
  return [
    ...KEYS.map(([keys, does]) => line("  ", span(keys.padEnd(11), "strong"), does)),
    line(""),
    ...NOTES.map((note) => line("  ", span(note, "dim"))),
  ];
}

const SHORT: readonly (readonly [string, string])[] = [
  ["q", "quit"],
  ["?", "help"],
  ["f", "view"],
  ["a", "approve"],
  ["n", "note"],
  ["v", "history"],
  ["Enter", "detail"],
  ["s", "send"],
  ["/", "filter"],
  ["c", "cancel"],
  ["x", "release"],
  ["R", "retry"],
  ["p", "pause"],
  ["j/k", "move"],
  ["d", "pane"],
  ["A", "stale agents"],
  ["r", "resync"],
  ["y", "copy id"],
];

/** As many keys as fit on one line, the most needed first. */
export function helpLine(width: number): Line {
  const spans = [span(" ")];
  let used = 1;
  for (const [key, does] of SHORT) {
    const text = `${key} ${does}`;
    if (used + text.length + 2 > width) break;
    spans.push(span(key, "strong"), span(` ${does}  `, "dim"));
    used += text.length + 2;
  }
  return line(...spans);
}
