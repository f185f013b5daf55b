import { describe, expect, it } from "vitest";
import { metricsText } from "./http/metrics.ts";
import { Metrics, metricsOf } from "./metrics.ts";
import { onBench } from "./testing/engine.ts";

const GAUGES = { waiters: 2, sessions: 3, queue: 0, database_bytes: 4096, head: 7 };

describe("metrics", () => {
  it(
    "count every command by method and outcome, a refusal by its reason, a made-up method under one name",
    onBench(async (bench) => {
      const { id } = await bench.call("tasks/send", { name: "job" });
      await bench.call("tasks/claim", { id, agent_id: "a" });
      await bench.refusal("tasks/claim", { id, agent_id: "b" });
      await bench.refusal("tasks/claim", {});
      await bench.refusal("made/up", {});
      await bench.refusal("made/up/too", {});
      const { commands, latency } = bench.metrics.read(GAUGES);
      expect(commands).toEqual([
        { method: "tasks/send", outcome: "ok", times: 1 },
        { method: "tasks/claim", outcome: "ok", times: 1 },
        { method: "tasks/claim", outcome: "already_claimed", times: 1 },
        { method: "tasks/claim", outcome: "invalid_params", times: 1 },
        { method: "unknown", outcome: "method_not_found", times: 2 },
      ]);
      expect(latency.reduce((sum, times) => sum + times)).toBe(6);
    }),
  );

  it(
    "count leases that lapsed, and waits by how they ended",
    onBench(async (bench) => {
      const { id } = await bench.call("tasks/send", { name: "job" });
      await bench.call("tasks/claim", { id, agent_id: "a", lease_seconds: 1 });
      const waiting = bench.body(
        JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tasks/wait", params: { filter: { kind: "ack" }, timeout_ms: 500 } }),
      );
      expect(bench.engine.gauges().waiters).toBe(1);
      bench.advance(600);
      await waiting;
      bench.advance(600);
      const met = bench.body(
        JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tasks/wait", params: { filter: { kind: "ack" }, timeout_ms: 5000 } }),
      );
      await bench.call("tasks/send", { name: "done", kind: "ack" });
      await met;
      const read = bench.metrics.read({ ...GAUGES, ...bench.engine.gauges() });
      expect([read.lapsed, read.waits, read.waiters]).toEqual([1, { answered: 1, timed_out: 1 }, 0]);
    }),
  );

  it("are Prometheus text: cumulative buckets that end with the count, labels escaped", () => {
    const metrics = new Metrics();
    for (const ms of [0.4, 1, 3, 9_000]) metrics.answered("tasks/get", { ok: true, value: null }, ms);
    const text = metricsText("1.2.3", [['te"am\\', metrics.read(GAUGES)]]);
    const value = (line: string) =>
      text
        .split("\n")
        .find((one) => one.startsWith(line))
        ?.slice(line.length + 1);
    const workspace = 'workspace="te\\"am\\\\"';
    expect(value(`coord_command_seconds_bucket{${workspace},le="0.001"}`)).toBe("2");
    expect(value(`coord_command_seconds_bucket{${workspace},le="0.005"}`)).toBe("3");
    expect(value(`coord_command_seconds_bucket{${workspace},le="2.5"}`)).toBe("3");
    expect(value(`coord_command_seconds_bucket{${workspace},le="+Inf"}`)).toBe("4");
    expect(value(`coord_command_seconds_count{${workspace}}`)).toBe("4");
    expect(Number(value(`coord_command_seconds_sum{${workspace}}`))).toBeCloseTo(9.0044, 6);
    expect(value(`coord_sessions{${workspace}}`)).toBe("3");
    expect(value('coord_info{version="1.2.3"}')).toBe("1");
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]);
    expect(new Set(names).size).toBe(names.length);
    for (const line of text.trimEnd().split("\n"))
      expect(line).toMatch(/^(# (HELP|TYPE) \S+ .+|[a-z_]+\{[a-z]+="(\\.|[^"\\])*"(,[a-z]+="(\\.|[^"\\])*")*\} [0-9.e+-]+)$/);
  });

  it("outlive the object: one that is built anew counts on", () => {
    metricsOf("some").lapsed += 1;
    expect(metricsOf("some").lapsed).toBe(1);
    expect(metricsOf("other").lapsed).toBe(0);
  });
});
