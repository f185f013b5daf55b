import type { Clock } from "../clock.ts";

export interface ManualClock extends Clock {
  /** Moves time on, running what falls due in order, and lets everything that follows from each settle. */
  advance(ms: number): Promise<void>;
}

/** A clock that stands still until it is told otherwise. */
export function manualClock(start = 1_000_000): ManualClock {
  let now = start;
  let nextId = 0;
  const timers = new Map<number, { at: number; run: () => void }>();
  return {
    now: () => now,
    after(ms, run) {
      const id = nextId++;
      timers.set(id, { at: now + ms, run });
      return () => void timers.delete(id);
    },
    async advance(ms) {
      const end = now + ms;
      for (;;) {
        await settle();
        const [due] = [...timers].filter(([, timer]) => timer.at <= end).sort(([, a], [, b]) => a.at - b.at);
        if (!due) break;
        timers.delete(due[0]);
        now = Math.max(now, due[1].at);
        due[1].run();
      }
      now = end;
      await settle();
    },
  };
}

/** Answers when every promise that can go on without time passing has done so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
