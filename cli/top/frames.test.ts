import { expect, test } from "vitest";
import { Frames, type Timers } from "./frames.ts";

/** Time that passes when the test says so. */
function manualTimers(): Timers & { pass(ms: number): void } {
  let now = 0;
  let due: { at: number; run: () => void }[] = [];
  return {
    now: () => now,
    after(ms, run) {
      const entry = { at: now + ms, run };
      due.push(entry);
      return { cancel: () => (due = due.filter((each) => each !== entry)) };
    },
    pass(ms) {
      const until = now + ms;
      for (;;) {
        const next = due.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        due = due.filter((each) => each !== next);
        now = Math.max(now, next.at);
        next.run();
      }
      now = Math.max(now, until);
    },
  };
}

test("ten thousand changes in a second make at most twenty frames more than the first", () => {
  const timers = manualTimers();
  const frames = new Frames(() => {}, timers);
  for (let change = 0; change < 10_000; change++) {
    frames.request();
    timers.pass(0.1);
  }
  expect(frames.count).toBeGreaterThan(15);
  expect(frames.count).toBeLessThanOrEqual(21);
});

test("the last change is always drawn, the first without waiting", () => {
  const timers = manualTimers();
  const drawn: number[] = [];
  let state = 0;
  const frames = new Frames(() => drawn.push(state), timers);
  state = 1;
  frames.request();
  timers.pass(0);
  expect(drawn).toEqual([1]);
  state = 2;
  frames.request();
  state = 3;
  frames.request();
  timers.pass(49);
  expect(drawn).toEqual([1]);
  timers.pass(1);
  expect(drawn).toEqual([1, 3]);
  timers.pass(1_000);
  expect(drawn).toEqual([1, 3]);
});

test("frames that take long to draw become fewer, but never fewer than four a second", () => {
  const timers = manualTimers();
  const frames = new Frames(() => timers.pass(20), timers);
  const slow = new Frames(() => timers.pass(200), timers);
  for (const each of [frames, slow]) {
    const began = timers.now();
    while (timers.now() < began + 10_000) {
      each.request();
      timers.pass(1);
    }
  }
  // 20 ms are a quarter of 80 ms; 200 ms would be a quarter of 800.
  expect(frames.count).toBeGreaterThanOrEqual(10_000 / 85);
  expect(frames.count).toBeLessThanOrEqual(10_000 / 80 + 1);
  expect(slow.count).toBeGreaterThanOrEqual(10_000 / 255);
  expect(slow.count).toBeLessThanOrEqual(10_000 / 250 + 1);
});

test("what a key does is shown without that pause", () => {
  const timers = manualTimers();
  const drawn: number[] = [];
  const frames = new Frames(() => {
    drawn.push(timers.now());
    timers.pass(60);
  }, timers);
  frames.request();
  timers.pass(1);
  frames.request();
  frames.request(true);
  timers.pass(1);
  expect(drawn).toHaveLength(2);
});

test("what is stopped draws no more", () => {
  const timers = manualTimers();
  const frames = new Frames(() => {}, timers);
  frames.request();
  frames.stop();
  timers.pass(1_000);
  expect(frames.count).toBe(0);
});
