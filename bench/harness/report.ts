import type { Spread } from "./statistics.ts";

/** One line of the benchmark's answer. */
export interface Finding {
  /** Which case it is of. */
  readonly case: string;
  readonly what: string;
  /** What was measured, for a person to read: both sides, with units. */
  readonly figures: string;
  /** What the target is held against; null where there is nothing to hold. */
  readonly value: number | null;
  /** As it is shown: a ratio or a time. */
  readonly shown: string;
  /** null: for information. */
  readonly target: string | null;
  /** null: for information, or not measured here. */
  readonly met: boolean | null;
  /** The same figures as a table, where the page shows them so. */
  readonly grid?: { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };
  /** Everything measured, for machines. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** A finding that is held against "at least" or "at most". */
export function held(
  of: Pick<Finding, "case" | "what" | "figures" | "details">,
  value: number,
  limit: { least: number } | { most: number },
  unit: "%" | "×" | "ms",
): Finding {
  const show = (number: number) =>
    unit === "%" ? `${(number * 100).toFixed(0)} %` : unit === "×" ? `${number.toFixed(2)}×` : `${number.toFixed(1)} ${unit}`;
  const met = "least" in limit ? value >= limit.least : value <= limit.most;
  return { ...of, value, shown: show(value), target: "least" in limit ? `≥ ${show(limit.least)}` : `≤ ${show(limit.most)}`, met };
}

/** A finding with no target. */
export function noted(of: Pick<Finding, "case" | "what" | "figures" | "details">, shown = ""): Finding {
  return { ...of, value: null, shown, target: null, met: null };
}

/** `1.23 ms (0.98–2.10)` */
export function times(value: Spread, digits = 2): string {
  return `${value.median.toFixed(digits)} ms (${value.low.toFixed(digits)}–${value.high.toFixed(digits)})`;
}

/** `12,300/s (11,000–13,100)` */
export function rates(value: Spread): string {
  const round = (rate: number) => Math.round(rate).toLocaleString("en");
  return `${round(value.median)}/s (${round(value.low)}–${round(value.high)})`;
}

/** What is to be said about an aim. */
export function verdict({ met, target }: Pick<Finding, "met" | "target">): string {
  return met === null ? (target === null ? "" : "not measured") : met ? "met" : "NOT MET";
}

/** The findings as a table for a terminal, one under the other so that it fits 80 columns. */
export function table(findings: readonly Finding[]): string {
  const lines = findings.map((finding) => {
    const head = `${finding.what.padEnd(44)} ${finding.shown.padStart(9)}  ${(finding.target ?? "").padEnd(10)} ${verdict(finding)}`;
    return `${head.trimEnd()}\n    ${finding.figures}`;
  });
  return lines.join("\n");
}
