import { createTwoFilesPatch } from "diff";
import { paint as painted, type Style } from "../output/terminal.ts";
import type { Change } from "./plan.ts";
import type { InitOutcome } from "./run.ts";

const WORDS = { created: "created", updated: "updated", unchanged: "unchanged", kept: "kept" } as const;
const WOULD = { created: "would create", updated: "would update", unchanged: "unchanged", kept: "would keep" } as const;

/** What was done, a line for each file; for a dry run the difference that it would make. */
export function renderText(outcome: InitOutcome, colour: boolean): string {
  const paint = (style: Style | undefined, text: string) => painted(text, style, colour);
  const words = outcome.dryRun ? WOULD : WORDS;
  const lines: string[] = [];
  for (const change of outcome.changes) {
    const style = change.action === "created" || change.action === "updated" ? "green" : change.action === "kept" ? "yellow" : "dim";
    lines.push(`${paint(style, words[change.action].padEnd(12))} ${change.file.padEnd(11)} ${change.detail}`.trimEnd());
    if (change.backup) lines.push(`${" ".repeat(25)}the old one is in ${change.backup.slice(outcome.folder.length + 1)}`);
    if (outcome.dryRun) lines.push(...difference(change).map((line) => paint(lineStyle(line), line)));
  }
  for (const name of outcome.skipped) lines.push(`${paint("dim", "left out".padEnd(12))} ${name}`);
  if (outcome.notes.length > 0) lines.push("", ...outcome.notes.flatMap((note) => wrap(note)));
  const changed = outcome.changes.some((change) => change.action === "created" || change.action === "updated");
  if (!outcome.dryRun && changed) {
    lines.push("", `Workspace ${outcome.workspace}. Agents started in this folder now share its board.`, "See it with: coord tasks");
  }
  return `${lines.join("\n")}\n`;
}

/** The same as one JSON value. */
export function renderJsonOutcome(outcome: InitOutcome): string {
  const files = outcome.changes.map(({ file, path, action, detail, backup, ...change }) => ({
    file,
    path,
    action,
    ...(detail ? { detail } : {}),
    ...(backup ? { backup } : {}),
    ...(outcome.dryRun ? { diff: difference({ file, path, action, detail, ...change }).join("\n") } : {}),
  }));
  const { folder, workspace, dryRun, skipped, notes } = outcome;
  return `${JSON.stringify({ folder, workspace, dry_run: dryRun, files, skipped, notes }, null, 2)}\n`;
}

function difference(change: Change): string[] {
  if (change.action === "unchanged" || change.action === "kept") return [];
  const from = change.before === undefined ? "/dev/null" : `a/${change.file}`;
  const patch = createTwoFilesPatch(from, `b/${change.file}`, change.before ?? "", change.after, "", "", { context: 3 });
  return patch
    .split("\n")
    .filter((line, index) => !(index === 0 && /^=+$/.test(line)))
    .map((line) => line.trimEnd())
    .filter((line, index, all) => line !== "" || index < all.length - 1);
}

function lineStyle(line: string): Style | undefined {
  if (line.startsWith("+++") || line.startsWith("---")) return "bold";
  if (line.startsWith("+")) return "green";
  if (line.startsWith("-")) return "red";
  return line.startsWith("@@") ? "cyan" : undefined;
}

function wrap(text: string, width = 79): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
