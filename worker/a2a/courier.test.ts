import { describe, expect, it } from "vitest";
import { LIMITS } from "../../protocol/index.ts";
import { OWNER } from "../core/authorize.ts";
import { type Bench, onBench } from "../testing/engine.ts";
import type { A2ACommand, A2AParams, A2AValue } from "./board/commands.ts";
import type { Delivery } from "./push/courier.ts";
import { message } from "./testing.ts";

const uri = "http://h/ext/work-queue/v1";
const HOOK = "http://127.0.0.1:9/hook";

/** The object's A2A side, with what webhooks were sent. */
class Hooked {
  readonly bench: Bench;
  readonly got: Delivery[] = [];
  /** What the webhook says. */
  answer: (delivery: Delivery) => string | undefined | Promise<string | undefined> = () => undefined;

  constructor(bench: Bench) {
    this.bench = bench;
    bench.deliver = async (delivery) => {
      const problem = await this.answer(delivery);
      if (problem === undefined) this.got.push(delivery);
      return problem;
    };
  }

  async a2a<C extends A2ACommand>(name: C, params: A2AParams<C>): Promise<A2AValue<C>> {
    const asked = this.bench.engine.a2a(name, params, OWNER);
    this.bench.run(false);
    const outcome = await asked;
    if (!outcome.ok) throw new Error(outcome.refusal.message);
    return outcome.value;
  }

  async job(config: object = {}): Promise<string> {
    const push = { url: HOOK, wire: "1.0" as const, uri, ...config };
    return (await this.a2a("send", { message: message("job"), push })).taskId;
  }

  /** Lets calls that are under way end, and the time pass that they ask for. */
  async settle(ms = 0): Promise<void> {
    for (let n = 0; n < 50; n += 1) await Promise.resolve();
    this.bench.advance(ms);
    for (let n = 0; n < 50; n += 1) await Promise.resolve();
  }

  /** What came, in short. */
  get told(): string[] {
    return this.got.map(({ body }) => {
      const { statusUpdate, artifactUpdate } = JSON.parse(body);
      return artifactUpdate ? "artifact" : statusUpdate.status.state.slice(11);
    });
  }
}

const hooked = (body: (hooks: Hooked) => Promise<void>) => onBench((bench) => body(new Hooked(bench)));

describe("a webhook", () => {
  it(
    "is told everything from the posting on, in order, signed as it asked",
    hooked(async (hooks) => {
      const id = await hooks.job({ token: "tok", scheme: "Bearer", credentials: "secret" });
      await hooks.bench.call("tasks/claim", { id, agent_id: "w" });
      await hooks.bench.call("notes/add", { id, agent_id: "w", body: "halfway" });
      await hooks.bench.call("tasks/complete", { id, agent_id: "w", result: 1 });
      await hooks.settle();
      expect(hooks.told).toEqual(["SUBMITTED", "WORKING", "WORKING", "artifact", "COMPLETED"]);
      for (const { url, headers } of hooks.got) {
        expect(url).toBe(HOOK);
        expect(headers).toEqual({
          "content-type": "application/a2a+json",
          authorization: "Bearer secret",
          "x-a2a-notification-token": "tok",
        });
      }
      expect(hooks.bench.sql.first("SELECT ended FROM a2a_push")).toEqual({ ended: "delivered" });
    }),
  );

  it(
    "that was asked for in 0.3 gets the whole task in 0.3's shape",
    hooked(async (hooks) => {
      const id = await hooks.job({ wire: "0.3" });
      await hooks.settle();
      const { body, headers } = hooks.got[0]!;
      expect(JSON.parse(body)).toMatchObject({
        kind: "task",
        id,
        status: { state: "submitted" },
        history: [{ kind: "message", role: "user" }],
      });
      expect(headers["content-type"]).toBe("application/json");
    }),
  );

  it(
    "that fails is tried again after growing pauses, by the alarm, and misses nothing",
    hooked(async (hooks) => {
      const tries: number[] = [];
      hooks.answer = () => {
        tries.push(hooks.bench.now);
        return "it answered 500";
      };
      const id = await hooks.job();
      await hooks.settle();
      await hooks.bench.call("tasks/claim", { id, agent_id: "w", lease_seconds: 3600 });
      for (const pause of [1, 2, 4, 8]) {
        expect(hooks.bench.alarmAt).toBeLessThanOrEqual(hooks.bench.now + pause * 1000);
        await hooks.settle(pause * 1000);
      }
      expect(tries.map((at, n) => at - (tries[n - 1] ?? at))).toEqual([0, 1000, 2000, 4000, 8000]);
      hooks.answer = () => undefined;
      await hooks.settle(16_000);
      expect(hooks.told).toEqual(["SUBMITTED", "WORKING"]);
      expect(hooks.bench.sql.first("SELECT failures, next_at FROM a2a_push")).toEqual({ failures: 0, next_at: null });
    }),
  );

  it(
    "gets again what a crash interrupted, and loses nothing to it",
    hooked(async (hooks) => {
      // the call is under way when the object goes
      hooks.answer = () => new Promise(() => {});
      const id = await hooks.job();
      await hooks.bench.call("tasks/claim", { id, agent_id: "w", lease_seconds: 3600 });
      await hooks.settle();
      hooks.bench.restart();
      expect(hooks.bench.alarmAt).not.toBeNull();
      hooks.answer = () => undefined;
      await hooks.settle(hooks.bench.alarmAt! - hooks.bench.now);
      expect(hooks.told).toEqual(["SUBMITTED", "WORKING"]);
    }),
  );

  it(
    "holds up no other, however slow it is",
    hooked(async (hooks) => {
      hooks.answer = ({ url }) => (url.endsWith("slow") ? new Promise(() => {}) : undefined);
      const id = await hooks.job({ id: "slow", url: `${HOOK}/slow` });
      await hooks.a2a("push_create", { taskId: id, config: { id: "fast", url: `${HOOK}/fast`, wire: "1.0", uri } });
      await hooks.bench.call("tasks/cancel", { id });
      await hooks.settle();
      expect(hooks.told).toEqual(["CANCELED"]);
      await hooks.settle(60_000);
      expect(hooks.got.map(({ url }) => url)).toEqual([`${HOOK}/fast`]);
    }),
  );

  it(
    "that fails too often is given up, with a note on the task",
    hooked(async (hooks) => {
      let tries = 0;
      hooks.answer = () => {
        tries += 1;
        return "it could not be reached";
      };
      const id = await hooks.job({ url: `${HOOK}?key=secret` });
      for (let n = 0; n < LIMITS.push_failures.value + 5; n += 1) await hooks.settle(15 * 60_000);
      expect(tries).toBe(LIMITS.push_failures.value);
      const [note, ...more] = await hooks.bench.call("notes/list", { id });
      expect(more).toEqual([]);
      expect(note).toMatchObject({ author: "coord", body: expect.stringContaining("could not be reached") });
      expect(note!.body).not.toContain("secret");
      expect(hooks.bench.sql.first("SELECT ended FROM a2a_push")).toEqual({ ended: "gave_up" });
      expect(hooks.bench.bugs).toEqual([]);
    }),
  );

  it(
    "that fails for a day is given up, however seldom it was called",
    hooked(async (hooks) => {
      hooks.answer = () => "it answered 503";
      const id = await hooks.job();
      await hooks.settle();
      await hooks.settle(LIMITS.push_hours.value * 3_600_000);
      expect(await hooks.bench.call("notes/list", { id })).toHaveLength(1);
    }),
  );

  it(
    "registered again goes on from there",
    hooked(async (hooks) => {
      hooks.answer = () => "it answered 503";
      const id = await hooks.job({ id: "mine" });
      await hooks.settle();
      await hooks.settle(LIMITS.push_hours.value * 3_600_000);
      hooks.answer = () => undefined;
      await hooks.a2a("push_create", { taskId: id, config: { id: "mine", url: HOOK, wire: "1.0", uri } });
      await hooks.bench.call("tasks/cancel", { id });
      await hooks.settle();
      expect(hooks.told).toEqual(["CANCELED"]);
    }),
  );

  it(
    "that is deleted is called no more, not even for what it missed",
    hooked(async (hooks) => {
      hooks.answer = () => "it answered 503";
      const id = await hooks.job({ id: "mine" });
      await hooks.settle();
      await hooks.a2a("push_delete", { taskId: id, id: "mine" });
      hooks.answer = () => undefined;
      await hooks.bench.call("tasks/cancel", { id });
      await hooks.settle(60_000);
      expect(hooks.got).toEqual([]);
    }),
  );

  it(
    "of another task, or of none, costs nothing",
    hooked(async (hooks) => {
      await hooks.bench.call("tasks/send", { name: "no hooks" });
      expect(hooks.bench.alarmAt).toBeNull();
      await hooks.job();
      await hooks.bench.call("tasks/send", { name: "no hooks" });
      await hooks.settle();
      expect(hooks.got).toHaveLength(1);
    }),
  );
});
