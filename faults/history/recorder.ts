import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Followed, Operation, Refused } from "./operation.ts";

/** One line of a recording: an invocation, a completion, or what a subscription was given. */
type Line =
  | {
      readonly i: number;
      readonly c: string;
      readonly m: string;
      readonly p: Record<string, unknown>;
      readonly t: number;
      readonly w: number;
    }
  | { readonly r: number; readonly t: number; readonly w: number; readonly ok?: unknown; readonly no?: Refused; readonly lost?: true }
  | { readonly f: string; readonly after: number; readonly seqs: readonly number[]; readonly cursor: number };

/** Microseconds of the clock that all processes of this machine share and nobody sets. */
export function monotonic(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/**
 * Writes a client's history to a file, each line before what it tells of goes on: an invocation is on record before the request leaves,
 * an answer before the next request. A process that is killed leaves at most operations without an answer, which is what they are.
 */
export class Recorder {
  readonly #file: number;
  #next = 0;

  constructor(path: string) {
    this.#file = openSync(path, "a");
  }

  invoke(client: string, method: string, params: Record<string, unknown>): number {
    this.#next += 1;
    this.#write({ i: this.#next, c: client, m: method, p: params, t: monotonic(), w: Date.now() });
    return this.#next;
  }

  answered(operation: number, result: unknown): void {
    this.#write({ r: operation, t: monotonic(), w: Date.now(), ok: result ?? null });
  }

  refused(operation: number, refusal: Refused): void {
    this.#write({ r: operation, t: monotonic(), w: Date.now(), no: refusal });
  }

  /** Its connection broke, and it is not asked again. */
  lost(operation: number): void {
    this.#write({ r: operation, t: monotonic(), w: Date.now(), lost: true });
  }

  followed(client: string, after: number, seqs: readonly number[], cursor: number): void {
    this.#write({ f: client, after, seqs, cursor });
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(line: Line): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

export interface Recording {
  readonly operations: Operation[];
  readonly followed: Followed[];
}

/**
 * Reads the recordings of one run together. What has neither answer nor loss is `open` where its process lived to the end, and lost
 * where it was killed.
 */
export function readRecordings(files: readonly { readonly path: string; readonly killed: boolean }[]): Recording {
  const operations: Operation[] = [];
  const followed = new Map<string, { client: string; after: number; seqs: number[]; cursor: number }>();
  for (const { path, killed } of files) {
    const mine = new Map<number, Operation>();
    for (const text of readFileSync(path, "utf8").split("\n")) {
      if (text === "") continue;
      const line = parse(text);
      if (!line) continue;
      if ("i" in line) {
        mine.set(line.i, {
          key: operations.length + mine.size,
          client: line.c,
          method: line.m,
          params: line.p,
          invoked: line.t,
          invokedAt: line.w,
          completed: Number.POSITIVE_INFINITY,
          completedAt: Number.POSITIVE_INFINITY,
          outcome: "unknown",
          fate: killed ? "lost" : "open",
        });
      } else if ("r" in line) {
        const before = mine.get(line.r)!;
        if (line.lost) mine.set(line.r, { ...before, fate: "lost" });
        else {
          const { fate: _fate, ...open } = before;
          const told = line.no ? { outcome: "refused" as const, refusal: line.no } : { outcome: "answered" as const, result: line.ok };
          mine.set(line.r, { ...open, completed: line.t, completedAt: line.w, ...told });
        }
      } else {
        const one = followed.get(line.f) ?? { client: line.f, after: line.after, seqs: [], cursor: line.after };
        one.seqs.push(...line.seqs);
        one.cursor = line.cursor;
        followed.set(line.f, one);
      }
    }
    operations.push(...mine.values());
  }
  return { operations, followed: [...followed.values()] };
}

/** A process that was killed in the middle of a line leaves a torn one: what it would have said is unknown. */
function parse(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}
