/** The value below which a share of the values lie; `share` from 0 to 1. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** The middle value; of an even number of values, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Where the values lie: what repeated runs gave, smallest and largest beside the middle. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), low: Math.min(...values), high: Math.max(...values) };
}

/** How long calls took, in milliseconds. p99.9 says something from a thousand calls on. */
export interface Latency {
  readonly calls: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export function latency(values: readonly number[]): Latency {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { calls: sorted.length, p50: at(0.5), p99: at(0.99), p999: at(0.999) };
}

/** By how much the second half of a series lies above the first, by their medians; what a leak would show. */
export function growth(values: readonly number[]): number {
  const half = values.length >> 1;
  return half === 0 ? Number.NaN : median(values.slice(-half)) - median(values.slice(0, half));
}

/**
 * Ratios of pairs that were measured right after each other, so that what else the machine does falls on both sides.
 * Their median is the figure that a target is held against.
 */
export function pairedRatio(over: readonly number[], under: readonly number[]): Spread {
  return spread(over.map((value, at) => value / under[at]!));
}

/** Runs every side in each round, in turn, and in the opposite order in every other round, so that none always goes first. */
export async function inTurn<T>(rounds: number, sides: readonly ((round: number) => Promise<T>)[]): Promise<T[][]> {
  const results: T[][] = sides.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    const order = sides.map((_, side) => (round % 2 === 0 ? side : sides.length - 1 - side));
    for (const side of order) results[side]!.push(await sides[side]!(round));
  }
  return results;
}

/** Runs both sides in each round, A B then B A, so that neither always goes first. */
export async function interleaved<T>(
  rounds: number,
  a: (round: number) => Promise<T>,
  b: (round: number) => Promise<T>,
): Promise<[T[], T[]]> {
  return (await inTurn(rounds, [a, b])) as [T[], T[]];
}
