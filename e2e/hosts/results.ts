import type { Host } from "./hosts/host.ts";
import type { RaceResult } from "./scenarios/race.ts";

export type Verdict = "passed" | "failed" | "not run";

export interface Result {
  readonly host: Host["id"];
  readonly scenario: string;
  readonly verdict: Verdict;
  readonly ms?: number;
  /** What was seen; of a failure what was not so, of what was not run the reason. */
  readonly said: string;
}

export interface Results {
  readonly date: string;
  readonly coord: string;
  readonly node: string;
  readonly system: string;
  readonly processors: number;
  /** The system's load average over fifteen minutes at the end: what else ran decides what the times say. */
  readonly load: number;
  readonly command: string;
  readonly versions: readonly {
    readonly title: string;
    readonly package: string;
    readonly version: string;
    readonly allowed: string;
    readonly state: string;
  }[];
  readonly results: readonly Result[];
  readonly race: RaceResult | { readonly verdict: "failed" | "not run"; readonly said: string };
  /** Whom the programs tried to reach beyond loopback. */
  readonly refusedHosts: readonly { readonly name: string; readonly targets: readonly string[] }[];
  readonly wholeMs: number;
}

export function failures({ results, race }: Results): number {
  return results.filter(({ verdict }) => verdict === "failed").length + ("verdict" in race && race.verdict === "failed" ? 1 : 0);
}
