import { paint, type Style } from "./terminal.ts";
import { clean, fit, pad, width } from "./text.ts";

export interface Column {
  readonly title: string;
  /** No wider than this many columns. */
  readonly most?: number;
  readonly align?: "left" | "right";
  /** Takes what the others leave; one column of a table has it. */
  readonly isFlexible?: boolean;
  /** Left out where the space is too narrow, the lowest number first; without one it always stays. */
  readonly goes?: number;
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
/** A flexible column with less than this is of no use; another goes for it. */
const USEFUL_FLEXIBLE = 12;
const LEAST_FLEXIBLE = 8;

/** A table's lines: each as wide as the space at most, whatever its cells hold. Columns go where it is too narrow for all. */
export function table(head: readonly Column[], rows: readonly (readonly Cell[])[], space: TableSpace): string[] {
  const going = head.filter(({ goes }) => goes !== undefined).sort((one, other) => (one.goes ?? 0) - (other.goes ?? 0));
  const gone = new Set<Column>();
  for (;;) {
    const kept = head.flatMap((column, index) => (gone.has(column) ? [] : [index]));
    const laid = layOut(
      kept.flatMap((index) => head[index] ?? []),
      rows.map((row) => kept.flatMap((index) => row[index] ?? [])),
      space,
    );
    const next = going[gone.size];
    if (laid.fits || next === undefined) return laid.lines;
    gone.add(next);
  }
}

function layOut(head: readonly Column[], rows: readonly (readonly Cell[])[], space: TableSpace): { lines: string[]; fits: boolean } {
  const texts = rows.map((row) => row.map((cell) => clean(cell.text)));
  const widths = head.map((column, index) => {
    const widest = texts.reduce((most, row) => Math.max(most, width(row[index] ?? "")), column.title.length);
    return column.isFlexible ? widest : Math.min(widest, column.most ?? widest);
  });
  const flexible = head.findIndex((column) => column.isFlexible);
  let fits = true;
  if (flexible !== -1) {
    const others = widths.reduce((sum, each, index) => (index === flexible ? sum : sum + each + GAP.length), 0);
    const wanted = widths[flexible] ?? 0;
    fits = space.columns - others >= Math.min(wanted, USEFUL_FLEXIBLE);
    widths[flexible] = Math.min(wanted, Math.max(LEAST_FLEXIBLE, space.columns - others));
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
  return { lines: [titles, ...texts.map((row, index) => line(row, rows[index]?.map((cell) => cell.style) ?? []))], fits };
}
