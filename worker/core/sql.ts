/** What the SQL functions need of a database: consumed at once, so that no cursor outlives its turn. */
export interface Sql {
  all<Row>(query: string, ...bindings: SqlValue[]): Row[];
  /** The first row, or undefined where there is none. */
  first<Row>(query: string, ...bindings: SqlValue[]): Row | undefined;
  run(query: string, ...bindings: SqlValue[]): void;
}

/** Runs the body in one transaction: committed when it returns, undone when it throws. */
export type Transaction = <T>(body: () => T) => T;

/** No booleans: the runtime would store `true` as the text "true". */
export type SqlValue = string | number | null;

interface Cursor {
  readonly columnNames: string[];
  raw(): Iterable<SqlValue[]>;
}

interface Shape {
  readonly columns: readonly string[];
  readonly empty: Readonly<Record<string, SqlValue>>;
}

/** Queries whose shape is remembered: there are some dozens, and a list's filter makes a few more. */
const MOST_SHAPES = 500;

/**
 * Rows are read raw and put into objects here: the runtime's own objects are built one property at a time through its
 * interface, which takes longer than SQLite takes to find the row.
 */
export function sqlOver(storage: { exec(query: string, ...bindings: unknown[]): Cursor }): Sql {
  const shapes = new Map<string, Shape>();
  const shapeOf = (query: string, cursor: Cursor): Shape => {
    const known = shapes.get(query);
    if (known) return known;
    const columns = cursor.columnNames;
    const shape = { columns, empty: Object.fromEntries(columns.map((name) => [name, null])) };
    if (shapes.size < MOST_SHAPES) shapes.set(query, shape);
    return shape;
  };
  const rows = <Row>(query: string, bindings: readonly SqlValue[]): Row[] => {
    const cursor = storage.exec(query, ...bindings);
    const found: Row[] = [];
    let shape: Shape | undefined;
    for (const values of cursor.raw()) {
      shape ??= shapeOf(query, cursor);
      const row: Record<string, SqlValue> = { ...shape.empty };
      for (let at = 0; at < values.length; at += 1) row[shape.columns[at]!] = values[at]!;
      found.push(row as Row);
    }
    return found;
  };
  return {
    all: (query, ...bindings) => rows(query, bindings),
    first: <Row>(query: string, ...bindings: SqlValue[]) => rows<Row>(query, bindings)[0],
    run: (query, ...bindings) => {
      storage.exec(query, ...bindings);
    },
  };
}

/** `?, ?, ?` for an IN list. */
export function marks(values: readonly unknown[]): string {
  return values.map(() => "?").join(", ");
}
