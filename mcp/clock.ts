/** Time as the tools see it, so that a test decides it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `run` once after `ms` milliseconds; the answer calls it off. */
  after(ms: number, run: () => void): () => void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Calls `run` every `ms` milliseconds until the answer is called. */
export function every(clock: Clock, ms: number, run: () => void): () => void {
  let stop = clock.after(ms, tick);
  function tick(): void {
    stop = clock.after(ms, tick);
    run();
  }
  return () => stop();
}

/** A signal that is aborted `ms` milliseconds from now, and what calls that off. */
export function deadline(clock: Clock, ms: number): { signal: AbortSignal; clear(): void } {
  const controller = new AbortController();
  const clear = clock.after(ms, () => controller.abort(new DOMException("the time is up", "TimeoutError")));
  return { signal: controller.signal, clear };
}
