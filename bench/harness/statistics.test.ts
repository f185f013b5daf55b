import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { growth, inTurn, interleaved, latency, median, pairedRatio, quantile, spread } from "./statistics.ts";

describe("statistics", () => {
  test("quantiles of a thousand values", () => {
    const values = Array.from({ length: 1_000 }, (_, at) => 1_000 - at);
    expect(latency(values)).toEqual({ calls: 1_000, p50: 501, p99: 991, p999: 1_000 });
    expect(quantile(values, 0)).toBe(1);
    expect(quantile(values, 1)).toBe(1_000);
  });

  test("of nothing there is no quantile, and nothing has no growth", () => {
    expect(quantile([], 0.5)).toBeNaN();
    expect(latency([]).p99).toBeNaN();
    expect(growth([1])).toBeNaN();
  });

  test("median of an odd and an even number of values", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 6])).toBe(5.5);
  });

  test("a quantile is one of the values, and they grow with the share", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1 }), (values) => {
        const { p50, p99, p999 } = latency(values);
        expect(values).toContain(p50);
        expect(p50).toBeLessThanOrEqual(p99);
        expect(p99).toBeLessThanOrEqual(p999);
        expect(median(values)).toBeGreaterThanOrEqual(spread(values).low);
        expect(median(values)).toBeLessThanOrEqual(spread(values).high);
      }),
    );
  });

  test("ratios are of pairs: what slows both sides of a round changes nothing", () => {
    expect(pairedRatio([10, 100, 30], [5, 50, 10])).toEqual({ median: 2, low: 2, high: 3 });
  });

  test("growth is the second half above the first", () => {
    expect(growth([100, 102, 98, 100, 110, 112, 108, 110])).toBe(10);
    expect(growth([5, 5, 5, 5, 5])).toBe(0);
  });

  test("sides take turns, each first in every other round, and keep their own results", async () => {
    const order: string[] = [];
    const side = (name: string) => async (round: number) => {
      order.push(`${name}${round}`);
      return `${name}${round}`;
    };
    expect(await inTurn(2, [side("a"), side("b"), side("c")])).toEqual([
      ["a0", "a1"],
      ["b0", "b1"],
      ["c0", "c1"],
    ]);
    expect(order).toEqual(["a0", "b0", "c0", "c1", "b1", "a1"]);
    expect(await interleaved(1, side("x"), side("y"))).toEqual([["x0"], ["y0"]]);
  });
});
