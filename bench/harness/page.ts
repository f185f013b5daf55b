import type { Circumstances } from "./machine.ts";
import { type Finding, verdict } from "./report.ts";

/** A case as the page needs it. */
export interface Chapter {
  readonly name: string;
  readonly about: string;
}

/** The whole page, as markdown. It is written by the program alone: what is said about figures here stays true whatever they are. */
export function page(findings: readonly Finding[], chapters: readonly Chapter[], of: Circumstances): string {
  const parts = [
    "# Benchmarks",
    "",
    `Written by \`${of.command}\` on ${of.date}; the run took ${duration(of.took)}. It replaces this file each time.`,
    "",
    "| | |",
    "| --- | --- |",
    `| processor | ${of.processor}, ${of.cores} cores |`,
    `| memory | ${of.memory} GB |`,
    `| system | ${of.system} |`,
    `| coord | ${of.coord} |`,
    `| workerd | ${of.workerd} |`,
    `| Node.js | ${of.node} |`,
    "",
    "Client and server share the machine. Absolute figures are this machine's; a ratio is of two things measured in turn in one run, in short",
    "slices, and given as the median with the lowest and highest in brackets. The *bare object* is a Durable Object on the same runtime that",
    "does a claim's two writes and nothing else: no leases, waits, agents or refusals. Every write is on disk before it is answered.",
    "",
    ...aimsOf(findings),
  ];
  for (const { name, about } of chapters) {
    const own = findings.filter((finding) => finding.case === name);
    if (own.length === 0) continue;
    parts.push(`## ${name}`, "", `${sentence(about)}`, "", ...body(own));
    if (name === "claims") parts.push(...tailOf(own));
  }
  return `${parts.join("\n").trimEnd()}\n`;
}

function aimsOf(findings: readonly Finding[]): string[] {
  const aims = findings.filter(({ target }) => target !== null);
  if (aims.length === 0) return [];
  const met = aims.filter((finding) => finding.met === true);
  const missed = aims.filter((finding) => finding.met === false);
  return [
    "## Aims",
    "",
    `${met.length} of ${aims.length} met${missed.length > 0 ? `; not met: ${missed.map(({ what }) => what).join("; ")}` : ""}. Where the time goes: [profile.md](profile.md).`,
    "",
    ...tableOf(
      ["what", "measured", "aim", ""],
      aims.map((finding) => [finding.what, finding.shown, finding.target ?? "", verdict(finding)]),
    ),
    "",
  ];
}

/** Findings with a table of their own stand under a heading each, the others in one table. */
function body(own: readonly Finding[]): string[] {
  const plain = own.filter(({ grid }) => grid === undefined);
  const lines =
    plain.length === 0
      ? []
      : [
          ...tableOf(
            ["what", "", "figures"],
            plain.map((one) => [one.what, one.shown, flat(one.figures)]),
          ),
          "",
        ];
  for (const { what, grid } of own) if (grid !== undefined) lines.push(`### ${what}`, "", ...tableOf(grid.head, grid.rows), "");
  return lines;
}

/** Why the slowest claims over HTTP take what they take. */
function tailOf(own: readonly Finding[]): string[] {
  const tails = own.filter(({ what }) => what.startsWith("HTTP claims, p99"));
  if (tails.length === 0) return [];
  return [
    "### The slowest claims over HTTP",
    "",
    "The aim is a p99 of at most three times the p50. Where coord is above that, it is held against the bare object in the same rounds: what the",
    "runtime itself leaves for a worker that does almost nothing.",
    "",
    ...tableOf(
      ["", "coord", "aim", "", "both"],
      tails.map((one) => [one.what, one.shown, one.target ?? "", verdict(one), flat(one.figures)]),
    ),
    "",
    "What remains: every request over HTTP makes some dozen objects that stand for something in the runtime (request, response, headers, the stub",
    "of the object, the call to it). V8 collects them in pauses of a few milliseconds for the young ones and of 60 to 150 ms for all, on the one",
    "thread that every request needs, so that all callers of that moment wait out the same pause. How a crowd is gathered matters more: see",
    "[profile.md](profile.md).",
    "",
  ];
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}

function flat(figures: string): string {
  return figures
    .split("\n")
    .map((part) => part.trim())
    .join("; ");
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

function duration(seconds: number): string {
  return seconds >= 90 ? `${(seconds / 60).toFixed(1)} minutes` : `${seconds} s`;
}
