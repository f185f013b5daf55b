/** What a run of one kind is told. */
export interface Plan {
  readonly seed: number;
  /** About how long it may take, in milliseconds. */
  readonly ms: number;
  readonly say: (line: string) => void;
}

export interface Report {
  /** What was done and seen, as figures for the table. */
  readonly counts: Readonly<Record<string, number>>;
  /** Each a promise that was not kept; empty where all were. */
  readonly findings: readonly string[];
}

/** One way in which things go wrong, and what is promised all the same. */
export interface Kind {
  readonly promise: string;
  /** Its share of a run's time; 0: it takes the time it takes. */
  readonly share: number;
  /** Why this machine cannot run it; undefined where it can. */
  impossible?(): string | undefined;
  run(plan: Plan): Promise<Report>;
}

/** A plan's findings, gathered. */
export class Findings {
  readonly all: string[] = [];

  expect(holds: boolean, otherwise: string): void {
    if (!holds) this.all.push(otherwise);
  }
}
