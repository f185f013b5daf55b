import { createTwoFilesPatch } from "diff";
import { paint as painted, type Style } from "../output/terminal.ts";
import type { Change } from "./draft.ts";
import type { InitOutcome } from "./run.ts";

const WORDS = { created: "created", updated: "updated", unchanged: "unchanged", kept: "kept", removed: "removed" } as const;
const WOULD = {
  created: "would create",
  updated: "would update",
  unchanged: "unchanged",
  kept: "would keep",
  removed: "would remove",
} as const;
const STYLE = { created: "green", updated: "green", removed: "green", unchanged: "dim", kept: "yellow" } as const;

const WIDTH = 79;
/** A file's name of more than this does not push the others' details to the right. */
const NAME_WIDTH = 24;

/** What was done, a line for each file; for a dry run the difference that it would make. */
export function renderText(outcome: InitOutcome, colour: boolean): string {
  const paint = (style: Style | undefined, text: string) => painted(text, style, colour);
  const words = outcome.dryRun ? WOULD : WORDS;
  const lines: string[] = [];
  const width = Math.max(11, ...outcome.changes.map(({ file }) => file.length).filter((length) => length <= NAME_WIDTH));
  for (const change of outcome.changes) {
    const indent = " ".repeat(13 + width + 1);
    const [first = "", ...more] = wrap(change.detail, WIDTH - indent.length);
    const name = change.file.padEnd(width);
    const head = `${paint(STYLE[change.action], words[change.action].padEnd(12))} ${name}`;
    if (name.length > width && first !== "") lines.push(head, indent + first);
    else lines.push(`${head} ${first}`.trimEnd());
    lines.push(...more.map((line) => indent + line));
    if (change.backup) lines.push(`${indent}the old one is in ${shortened(change.backup, outcome.folder)}`);
    if (outcome.dryRun) lines.push(...difference(change).map((line) => paint(lineStyle(line), line)));
  }
  if (!outcome.removed) for (const name of outcome.skipped) lines.push(`${paint("dim", "left out".padEnd(12))} ${name}`);
  if (outcome.changes.length === 0) lines.push("Nothing of coord's was found here.");
  if (outcome.notes.length > 0) lines.push("", ...outcome.notes.flatMap((note) => wrap(note)));
  const changed = outcome.changes.some((change) => change.action !== "unchanged" && change.action !== "kept");
  const todo = outcome.hosts.filter((host) => host.todo.length > 0);
  if (changed && todo.length > 0) {
    lines.push("", "For each host there is something left to do:");
    for (const { title, todo: steps } of todo) lines.push(...steps.flatMap((step, index) => beside(index === 0 ? title : "", step)));
  }
  if (!outcome.dryRun && changed && !outcome.removed) {
    lines.push("", `Workspace ${outcome.workspace}. Agents started in this folder now share its board.`, "See it with: coord tasks");
    if (todo.length > 0) lines.push("Check every host with: coord doctor");
  }
  return `${lines.join("\n")}\n`;
}

/** The same as one JSON value. */
export function renderJsonOutcome(outcome: InitOutcome): string {
  const files = outcome.changes.map(({ backup, ...change }) => ({
    file: change.file,
    path: change.path,
    action: change.action,
    ...(change.detail ? { detail: change.detail } : {}),
    ...(backup ? { backup } : {}),
    ...(outcome.dryRun ? { diff: difference(change).join("\n") } : {}),
  }));
  const { folder, workspace, dryRun, removed, skipped, hosts, notes } = outcome;
  return `${JSON.stringify({ folder, workspace, dry_run: dryRun, removed, files, skipped, hosts, notes }, null, 2)}\n`;
}

function difference(change: Change): string[] {
  if (change.action === "unchanged" || change.action === "kept") return [];
  const from = change.before === undefined ? "/dev/null" : `a/${change.file}`;
  const to = change.after === undefined ? "/dev/null" : `b/${change.file}`;
  const patch = createTwoFilesPatch(from, to, change.before ?? "", change.after ?? "", "", "", { context: 3 });
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

/** A step behind the name of its host. A line of it that is indented is a command: it stays whole, to be copied. */
function beside(title: string, step: string): string[] {
  const [words, ...commands] = step.split("\n");
  return [...wrap(words!, WIDTH - 13).map((line, index) => `${(index === 0 ? title : "").padEnd(12)} ${line}`.trimEnd()), ...commands];
}

function shortened(path: string, folder: string): string {
  return path.startsWith(folder) ? path.slice(folder.length + 1) : path;
}

export function wrap(text: string, width = WIDTH): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
