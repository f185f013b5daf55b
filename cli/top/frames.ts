/** At most this many frames a second, whatever happens. */
export const MOST_FRAMES_PER_SECOND = 20;

export interface Timers {
  now(): number;
  after(ms: number, run: () => void): { cancel(): void };
}

export const realTimers: Timers = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Drawing takes at most this part of the time: a large screen on a slow machine gets fewer frames, not a busy processor. */
const MOST_OF_TIME = 0.25;
/** But never fewer than four a second, and what a key does is shown without that pause. */
const MOST_PAUSE_MS = 250;

/**
 * Makes few frames of many changes. The first request after a quiet moment is drawn in the next turn of the event loop, all that come
 * within 50 ms after it (longer, where a frame takes long to draw) together in one later frame. Nothing is lost by that: a frame shows
 * the state of its own time.
 */
export class Frames {
  readonly #draw: () => void;
  readonly #timers: Timers;
  readonly #leastMs: number;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #notBefore = Number.NEGATIVE_INFINITY;
  #pending: { cancel(): void } | undefined;
  #isAnswer = false;
  #count = 0;

  constructor(draw: () => void, timers: Timers = realTimers, perSecond = MOST_FRAMES_PER_SECOND) {
    this.#draw = draw;
    this.#timers = timers;
    this.#leastMs = 1000 / perSecond;
  }

  /** Frames drawn so far. */
  get count(): number {
    return this.#count;
  }

  /** Something has changed: a frame is drawn soon. @param isAnswer to a key: only the most frames a second hold it back. */
  request(isAnswer = false): void {
    if (this.#pending && (this.#isAnswer || !isAnswer)) return;
    this.#isAnswer ||= isAnswer;
    this.#schedule();
  }

  #schedule(): void {
    const now = this.#timers.now();
    const at = Math.max(now, this.#isAnswer ? this.#drawnAt + this.#leastMs : this.#notBefore);
    this.#pending?.cancel();
    this.#pending = this.#timers.after(at - now, () => this.#frame());
  }

  #frame(): void {
    this.#pending = undefined;
    this.#isAnswer = false;
    const began = this.#timers.now();
    this.#drawnAt = began;
    this.#notBefore = began + this.#leastMs;
    this.#count++;
    this.#draw();
    // React and ink do part of their work right after this turn: what a frame takes is known when the next one has come.
    this.#timers.after(0, () => {
      const took = this.#timers.now() - began;
      this.#notBefore = began + Math.max(this.#leastMs, Math.min(MOST_PAUSE_MS, took / MOST_OF_TIME));
      if (this.#pending) this.#schedule();
    });
  }

  stop(): void {
    this.#pending?.cancel();
    this.#pending = undefined;
  }
}
