import type { Task } from "../../protocol/index.ts";
import type { Invariant } from "./invariants.ts";
import { type Narrator, wrap } from "./narrator.ts";
import type { RaceOutcome } from "./race.ts";
import type { StoryOutcome } from "./story.ts";

/** What `coord demo --json` prints, and what the summary on a terminal is made of. Times in milliseconds. */
export interface Summary {
  readonly ok: boolean;
  readonly duration_ms: number;
  readonly story: {
    readonly commit: string;
    readonly artifact_sha256: string;
    readonly wake_ms: number;
    readonly complete_ms: number;
  } | null;
  readonly race: {
    readonly jobs: number;
    readonly shares: Readonly<Record<string, number>>;
    readonly killed: string | null;
    readonly others_ms: number;
    readonly all_ms: number;
    readonly lapse_ms: number;
    readonly takeover_ms: number;
  } | null;
  readonly invariants: readonly Invariant[];
  readonly board: {
    readonly tasks: number;
    readonly events: number;
    readonly kinds: Readonly<Record<string, Readonly<Record<string, number>>>>;
  };
  /** Where things are after `--keep`. */
  readonly kept: { readonly url: string; readonly data: string; readonly repository: string; readonly commands: readonly string[] } | null;
}

export function storyPart(outcome: StoryOutcome | null): Summary["story"] {
  if (!outcome) return null;
  return {
    commit: outcome.facts.readFromAck,
    artifact_sha256: outcome.facts.artifactDigest,
    wake_ms: rounded(outcome.wake_ms),
    complete_ms: rounded(outcome.complete_ms),
  };
}

export function racePart(outcome: RaceOutcome | null): Summary["race"] {
  if (!outcome) return null;
  const { facts, shares, others_ms, all_ms, lapse_ms, takeover_ms } = outcome;
  return {
    jobs: facts.jobs.length,
    shares,
    killed: facts.killed?.agent ?? null,
    others_ms: rounded(others_ms),
    all_ms: rounded(all_ms),
    lapse_ms: rounded(lapse_ms),
    takeover_ms: rounded(takeover_ms),
  };
}

/** How many tasks of each kind are in each state. */
export function countBoard(tasks: readonly Task[], events: number): Summary["board"] {
  const kinds: Record<string, Record<string, number>> = {};
  for (const { kind, state } of tasks) {
    const states = kinds[kind] ?? {};
    kinds[kind] = { ...states, [state]: (states[state] ?? 0) + 1 };
  }
  return { tasks: tasks.length, events, kinds };
}

export function tellSummary(summary: Summary, narrate: Narrator): void {
  narrate.heading("The board at the end");
  narrate.lines(boardTable(summary.board));
  if (summary.race) {
    narrate.heading("Who did how many of the forty");
    const { shares, killed } = summary.race;
    narrate.lines(
      Object.entries(shares).map(
        ([who, count]) =>
          `  ${who.padEnd(13)} ${String(count).padStart(2)}  ${"=".repeat(count)}${who === killed ? narrate.paint("dim", "killed") : ""}`,
      ),
    );
  }
  narrate.heading("What was promised");
  for (const { name, held, detail } of summary.invariants) {
    const mark = held ? narrate.paint("green", "held  ") : narrate.paint("red", "BROKEN");
    const oneLine = `${name}: ${detail}`;
    const [first = "", ...rest] = wrap(oneLine, 70, "  ");
    narrate.lines([`  ${mark}  ${first}`, ...rest.map((line) => `          ${line}`)]);
  }
  const broken = summary.invariants.filter((one) => !one.held).length;
  const seconds = `${(summary.duration_ms / 1000).toFixed(1)} s`;
  narrate.heading(
    broken === 0
      ? narrate.paint("green", `All ${summary.invariants.length} held. ${seconds}.`)
      : narrate.paint("red", `${broken} BROKEN, ${summary.invariants.length - broken} held. ${seconds}.`),
  );
  if (summary.kept) {
    narrate.lines([
      "",
      "Left for a look:",
      `  repository  ${summary.kept.repository}`,
      `  server      ${summary.kept.url}`,
      "",
      ...summary.kept.commands.map((command) => `  ${command}`),
    ]);
  }
}

function boardTable(board: Summary["board"]): string[] {
  const states = [...new Set(Object.values(board.kinds).flatMap((counts) => Object.keys(counts)))];
  const row = (cells: readonly string[]) =>
    `  ${cells[0]!.padEnd(10)}${cells
      .slice(1)
      .map((cell) => cell.padStart(11))
      .join("")}`;
  return [
    row(["kind", ...states]),
    ...Object.entries(board.kinds).map(([kind, counts]) => row([kind, ...states.map((state) => String(counts[state] ?? 0))])),
    `  ${board.tasks} tasks, ${board.events} events in the log`,
  ];
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
