import type { ImportReport } from "../port/import.ts";
import { remarkLine } from "../port/link.ts";
import { many } from "../port/words.ts";
import type { TableSpace } from "./table.ts";
import { clean, fit, width } from "./text.ts";

/** So many of what would be created are shown. */
const MOST_SHOWN = 10;

/** What an import did, or would do: the states and why they changed, what was left out, and the first tasks of a trial. */
export function reportLines(report: ImportReport, { columns }: TableSpace): string[] {
  const { dry_run, created, existing, notes, dependencies, workspace } = report;
  const what = `${many(created, "task")}, ${many(dependencies, "dependency")}, ${many(notes, "note")}`;
  const lines = [
    `${dry_run ? "would import" : "imported"} from ${report.from} into ${workspace}: ${what}`,
    ...(existing > 0
      ? [`${many(existing, "task")} ${existing === 1 ? "is" : "are"} there already, and left as ${existing === 1 ? "it is" : "they are"}`]
      : []),
    ...(created === 0 ? [] : report.states).map(({ from, to, why, count }) =>
      `  ${count} ${from} ${from === to ? "" : `→ ${to} `}${why ? `(${why})` : ""}`.trimEnd(),
    ),
    ...report.remarks.map((remark) => `note: ${remarkLine(remark)}`),
  ];
  if (dry_run) {
    const shown = report.tasks.slice(0, MOST_SHOWN);
    lines.push(...shown.map(({ line, key, name }) => `${line}: ${key}  ${name}`));
    if (created > shown.length) lines.push(`… and ${created - shown.length} more`);
    lines.push("nothing was changed");
  }
  return lines.flatMap((line) => folded(clean(line), columns));
}

/** A line broken at its spaces, what follows indented further. */
function folded(line: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of line.split(/(?<=\S) /)) {
    const last = lines.at(-1);
    if (last !== undefined && width(last) + 1 + width(word) <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(last === undefined ? word : `    ${word}`);
  }
  return lines.map((one) => fit(one, columns));
}
