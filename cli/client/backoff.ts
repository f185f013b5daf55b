const FIRST_MS = 100;
const MOST_MS = 5_000;

/**
 * How long to wait before the next try to connect, in milliseconds: 0.1 s, doubling up to 5 s, of which a random half is taken off,
 * so that a thousand clients of a restarted server do not all come back in the same instant.
 * @param failures how many tries have failed in a row, from 0.
 */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const full = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures, 10));
  return full * (1 - random() / 2);
}
