import { paint, type Style } from "./terminal.ts";
import { clean, fit, pad, width } from "./text.ts";

export interface Column {
  readonly title: string;
  /** No wider than this many columns. */
  readonly most?: number;
  readonly align?: "left" | "right";
  /** Takes what the others leave; one column of a table has it. */
  readonly isFlexible?: boolean;
}

export interface Cell {
  readonly text: string;
  readonly style?: Style;
}

export interface TableSpace {
  readonly columns: number;
  readonly colour: boolean;
}

const GAP = "  ";
const LEAST_FLEXIBLE = 8;

/** A table's lines: each as wide as the space at most, whatever its cells hold. */
export function table(head: readonly Column[], rows: readonly (readonly Cell[])[], space: TableSpace): string[] {
  const texts = rows.map((row) => row.map((cell) => clean(cell.text)));
  const widths = head.map((column, index) => {
    const widest = texts.reduce((most, row) => Math.max(most, width(row[index] ?? "")), column.title.length);
    return column.isFlexible ? widest : Math.min(widest, column.most ?? widest);
  });
  const flexible = head.findIndex((column) => column.isFlexible);
  if (flexible !== -1) {
    const others = widths.reduce((sum, each, index) => (index === flexible ? sum : sum + each + GAP.length), 0);
    widths[flexible] = Math.min(widths[flexible] ?? 0, Math.max(LEAST_FLEXIBLE, space.columns - others));
  }
  const line = (cells: readonly string[], styles: readonly (Style | undefined)[]) => {
    const shown = cells.map((text, index) => {
      const most = widths[index] ?? 0;
      return paint(pad(fit(text, most), most, head[index]?.align), styles[index], space.colour);
    });
    return shown.join(GAP).trimEnd();
  };
  const titles = line(
    head.map((column) => column.title),
    head.map(() => "dim"),
  );
  return [titles, ...texts.map((row, index) => line(row, rows[index]?.map((cell) => cell.style) ?? []))];
}
