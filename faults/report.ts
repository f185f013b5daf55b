import { cpus, release, totalmem } from "node:os";
import type { Report } from "./kinds/kind.ts";

export interface Outcome {
  readonly name: string;
  readonly promise: string;
  readonly seconds: number;
  /** Why it was not run. */
  readonly skipped?: string;
  readonly report?: Report;
}

export interface Run {
  readonly seed: number;
  readonly command: string;
  readonly began: Date;
  readonly versions: Readonly<Record<string, string>>;
  readonly outcomes: readonly Outcome[];
}

function figures({ counts }: Report): string {
  return Object.entries(counts)
    .map(([name, n]) => `${n.toLocaleString("en")} ${name}`)
    .join(", ");
}

function kept({ skipped, report }: Outcome): string {
  if (skipped !== undefined) return `not run: ${skipped}`;
  return report!.findings.length === 0 ? "kept" : `**broken ${report!.findings.length} times**`;
}

/** The run as a page: docs/faults.md. */
export function page({ seed, command, began, versions, outcomes }: Run): string {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${release().split("-")[0]}`;
  const rows = outcomes.map(
    (one) => `| ${one.name} | ${one.promise} | ${kept(one)} | ${one.report ? figures(one.report) : ""} | ${Math.round(one.seconds)} s |`,
  );
  const findings = outcomes.flatMap(({ name, report }) =>
    (report?.findings ?? []).slice(0, 5).map((text) => `### ${name}\n\n\`\`\`\n${text.slice(0, 4_000)}\n\`\`\`\n`),
  );
  return `# What goes wrong, and what is promised all the same

Written by \`${command}\` on ${began.toISOString().slice(0, 10)}, with seed ${seed}; run it again to see it on your machine.

${machine}; ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ")}.

Each client writes down what it asks before it asks, and what it was told when it is told. Afterwards the whole history is held against the
promises: one holder at a time; no acknowledged write missing; nothing written that was refused or asked for once; each task linearizable;
each wait answered by the first match after its cursor; the log without a gap, and equal to board and file when it is replayed from zero.

| fault | promise | | seen | took |
| --- | --- | --- | --- | --- |
${rows.join("\n")}

"Unheard" are calls whose caller was killed or cut off before the answer came: each may have happened, once, or not at all.
${findings.length === 0 ? "" : `\n## Broken\n\n${findings.join("\n")}`}`;
}

/** The run as lines for a terminal of 80 columns. */
export function lines({ outcomes }: Run): string {
  return outcomes
    .map((one) => {
      const head = `${one.name.padEnd(10)} ${kept(one)} (${Math.round(one.seconds)} s)`;
      const seen = one.report ? `\n${wrap(figures(one.report), 11)}` : "";
      const findings = (one.report?.findings ?? []).slice(0, 5).map((text) => `\n${text.slice(0, 4_000)}`);
      return `${head}${seen}${findings.join("")}`;
    })
    .join("\n");
}

function wrap(text: string, indent: number): string {
  const rows: string[] = [""];
  for (const word of text.split(" ")) {
    const row = rows.at(-1)!;
    if (row.length + word.length + 1 > 80 - indent) rows.push(word);
    else rows[rows.length - 1] = row === "" ? word : `${row} ${word}`;
  }
  return rows.map((row) => " ".repeat(indent) + row).join("\n");
}
