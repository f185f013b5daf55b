/** What the SQL functions need of a database: consumed at once, so that no cursor outlives its turn. */
export interface Sql {
  all<Row>(query: string, ...bindings: SqlValue[]): Row[];
  /** The first row, or undefined where there is none. */
  first<Row>(query: string, ...bindings: SqlValue[]): Row | undefined;
  run(query: string, ...bindings: SqlValue[]): void;
}

/** No booleans: the runtime would store `true` as the text "true". */
export type SqlValue = string | number | null;

export function sqlOver(storage: { exec(query: string, ...bindings: unknown[]): { toArray(): unknown[] } }): Sql {
  return {
    all: <Row>(query: string, ...bindings: SqlValue[]) => storage.exec(query, ...bindings).toArray() as Row[],
    first: <Row>(query: string, ...bindings: SqlValue[]) => storage.exec(query, ...bindings).toArray()[0] as Row | undefined,
    run: (query, ...bindings) => {
      storage.exec(query, ...bindings).toArray();
    },
  };
}

/** `?, ?, ?` for an IN list. */
export function marks(values: readonly unknown[]): string {
  return values.map(() => "?").join(", ");
}
