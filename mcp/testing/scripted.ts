import type { MethodName, ParamsIn, Result, Task } from "../../protocol/index.ts";
import { conflict, type Refusal, refuse } from "../../protocol/refusals.ts";
import type { BatchAnswer } from "../../protocol/siblings.ts";
import { sampleTask } from "../../protocol/testing/task.ts";
import type { Board, CallOptions } from "../board.ts";
import { Refused, type Unreachable } from "../failures.ts";

export interface Asked {
  readonly method: MethodName;
  readonly params: Record<string, unknown>;
  readonly signal: AbortSignal | undefined;
}

type Handler = (params: Record<string, unknown>, signal: AbortSignal | undefined) => unknown;

/** Something that is called, whose answers the test gives; heartbeats are answered unless the test says otherwise. */
export class Scripted {
  readonly asked: Asked[] = [];
  readonly #handlers = new Map<string, Handler>();

  /** What the method answers, or throws, from now on. */
  on(method: MethodName, handler: Handler): this {
    this.#handlers.set(method, handler);
    return this;
  }

  /** The parameters of every call of the method so far. */
  paramsOf(method: MethodName): Record<string, unknown>[] {
    return this.asked.filter((one) => one.method === method).map((one) => one.params);
  }

  async answer<M extends MethodName>(method: M, params: ParamsIn<M>, { signal }: CallOptions = {}): Promise<Result<M>> {
    this.asked.push({ method, params: params as Record<string, unknown>, signal });
    const handler = this.#handlers.get(method);
    if (!handler) {
      if (method === "agents/heartbeat") return { ok: true } as Result<M>;
      throw new Error(`the test gives no answer to ${method}`);
    }
    const answer = Promise.resolve(handler(params as Record<string, unknown>, signal));
    if (!signal) return (await answer) as Result<M>;
    const givenUp = new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
    return (await Promise.race([answer, givenUp])) as Result<M>;
  }

  /** Each call of a batch by the handler of `tasks/send`; an error that it answers is that call's. */
  batch(all: readonly ParamsIn<"tasks/send">[]): BatchAnswer<Task>[] {
    return all.map((params) => {
      this.asked.push({ method: "tasks/send", params: params as Record<string, unknown>, signal: undefined });
      const answer = this.#handlers.get("tasks/send")?.(params as Record<string, unknown>, undefined);
      return answer instanceof Error
        ? { ok: false, error: { code: -32602, message: answer.message, data: { code: "invalid_params" } } }
        : { ok: true, result: answer as Task };
    });
  }
}

/** A board whose answers the test gives. */
export class FakeBoard extends Scripted implements Board {
  /** What reaching it throws, where it cannot be reached. */
  away: Unreachable | undefined;

  call<M extends MethodName>(_agent: string, method: M, params: ParamsIn<M>, options?: CallOptions): Promise<Result<M>> {
    return this.answer(method, params, options);
  }

  read<M extends MethodName>(method: M, params: ParamsIn<M>, options?: CallOptions): Promise<Result<M>> {
    return this.answer(method, params, options);
  }

  async send(_agent: string, all: readonly ParamsIn<"tasks/send">[]): Promise<BatchAnswer<Task>[]> {
    return this.batch(all);
  }

  async reach(): Promise<void> {
    if (this.away) throw this.away;
  }
}

/** What a call throws for a refusal of the board's. */
export const refusal = (refusal: Refusal): Error => new Refused(refusal);
export const staleClaim = (): Error => refusal(conflict("stale_claim", "#7 is claimed by otter", { state: "claimed", holder: "otter" }));
export const notFound = (): Error => refusal(refuse("not_found", "no task #99"));

const AT = "2026-01-02T03:04:05.000Z";

/** A pending job #7, but for what the test says. */
export const task = (fields: Partial<Task> = {}): Task => sampleTask({ name: "mend the gate", ...fields });

/** The same, claimed by `heron` for so many seconds. */
export function claimed(leaseSeconds: number, fields: Partial<Task> = {}): Task {
  const lease_until = new Date(Date.parse(AT) + leaseSeconds * 1000).toISOString();
  const claim = { claim_id: "c1a10000-1111-4222-8333-444455556666", attempt: 1, lease_until };
  return task({ state: "claimed", claimed_by: "heron", claimed_at: AT, lease_until, attempt: 1, claim, ...fields });
}
