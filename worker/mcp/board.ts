import type { Board, CallOptions } from "../../mcp/board.ts";
import { Refused } from "../../mcp/failures.ts";
import { jsonWithin } from "../../protocol/depth.ts";
import {
  fromRpcError,
  LIMITS,
  type MethodName,
  overLimit,
  type ParamsIn,
  type Principal,
  type Result,
  refuse,
  type Task,
} from "../../protocol/index.ts";
import type { BatchAnswer, BatchError } from "../../protocol/siblings.ts";
import { textOf } from "../http/held.ts";
import type { Workspace } from "../workspace.ts";
import type { Cancellable } from "./cancelled.ts";

interface Answered {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: BatchError;
}

export type Stub = Pick<DurableObjectStub<Workspace>, "request" | "forget">;

/** A wait that comes back with nothing this much before its time was ended by somebody. In milliseconds. */
const EARLY_MS = 500;

/**
 * The board as one HTTP request reaches it: straight to the object. A call whose signal is aborted is still answered: the question leaves
 * the board, and what comes back is that its time is up, or the job that was handed over at that very moment, for its tool to give back.
 */
export class ObjectBoard implements Board {
  readonly #stub: Stub;
  readonly #principal: Principal;
  readonly #cancellable: Cancellable | undefined;
  readonly #ended = new AbortController();
  readonly #announced = new Set<string>();

  /** @param cancellable by which another request may cancel this one */
  constructor(stub: Stub, principal: Principal, cancellable?: Cancellable) {
    this.#stub = stub;
    this.#principal = principal;
    this.#cancellable = cancellable;
  }

  /** Aborted once it is known that another request cancelled this one, or that the server is about to stop and has ended its wait. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  async call<M extends MethodName>(agent: string, method: M, params: ParamsIn<M>, options?: CallOptions): Promise<Result<M>> {
    // one frame, one turn: that the agent is here, and what it asks
    const here = { jsonrpc: "2.0", method: "agents/heartbeat", params: { id: agent } };
    const before = this.#announced.has(agent) ? [] : [here];
    this.#announced.add(agent);
    return this.#one(before, method, params, options);
  }

  async read<M extends MethodName>(method: M, params: ParamsIn<M>, options?: CallOptions): Promise<Result<M>> {
    return this.#one([], method, params, options);
  }

  async send(agent: string, all: readonly ParamsIn<"tasks/send">[], signal: AbortSignal): Promise<BatchAnswer<Task>[]> {
    const calls = all.map((params, id) => ({ jsonrpc: "2.0", id, method: "tasks/send", params: { agent_id: agent, ...params } }));
    const answers = await this.#request(calls, { signal });
    const byId = new Map(answers.map((one) => [one.id, one]));
    return all.map((_params, id): BatchAnswer<Task> => {
      const { result, error } = byId.get(id) ?? {};
      if (error) return { ok: false, error };
      return { ok: true, result: result as Task };
    });
  }

  /** The object is always there. */
  async reach(): Promise<void> {}

  async #one<M extends MethodName>(before: object[], method: M, params: ParamsIn<M>, options?: CallOptions): Promise<Result<M>> {
    const asked = Date.now();
    const [answer] = await this.#request([...before, { jsonrpc: "2.0", id: 0, method, params }], options);
    if (answer?.error) throw new Refused(fromRpcError(answer.error));
    const { timeout_ms, wait_ms } = params as { timeout_ms?: number; wait_ms?: number };
    const waits = Math.min(timeout_ms ?? wait_ms ?? 0, LIMITS.wait_ms.value);
    if (isNothing(answer?.result) && Date.now() - asked < waits - EARLY_MS) this.#ended.abort();
    return answer?.result as Result<M>;
  }

  async #request(calls: readonly object[], { signal }: CallOptions = {}): Promise<Answered[]> {
    const { value, unit } = LIMITS.json_depth;
    const body = jsonWithin(calls, value);
    if (body === undefined) throw new Refused(overLimit("json_depth", value, unit, "more"));
    const requestId = crypto.randomUUID();
    const forget = () => void this.#stub.forget(requestId).catch(() => {}); // an object that is gone waits for nothing
    signal?.addEventListener("abort", forget, { once: true });
    this.#cancellable?.begins(requestId);
    try {
      const asked = this.#stub.request(body, this.#principal, requestId);
      if (signal?.aborted) forget();
      const answer: unknown = JSON.parse(await textOf(await asked));
      if (this.#cancellable?.isCancelled) this.#ended.abort();
      if (Array.isArray(answer)) return answer as Answered[];
      throw new Refused(fromRpcError((answer as { error: BatchError }).error));
    } catch (thrown) {
      if (thrown instanceof Error && thrown.name === "NewerDatabase") throw new Refused(refuse("internal", thrown.message));
      throw thrown;
    } finally {
      signal?.removeEventListener("abort", forget);
      this.#cancellable?.ended(requestId);
    }
  }
}

/** What a wait answers with when its time is up. */
function isNothing(result: unknown): boolean {
  if (result === null) return true;
  const { timed_out, events } = result as { timed_out?: unknown; events?: unknown };
  return timed_out === true || (Array.isArray(events) && events.length === 0);
}
