import type { MethodName, ParamsIn, Result, Task } from "../protocol/index.ts";
import type { BatchAnswer } from "../protocol/siblings.ts";

export interface CallOptions {
  /** Aborted when nobody wants the answer any more: a wait then leaves the board. */
  readonly signal?: AbortSignal;
}

/** How a call reaches the board: over a session from a process beside it, or from the worker straight to the object. */
export interface Board {
  /**
   * One request of this agent's, who is seen by it.
   * @throws Refused, or Unreachable where nothing answered
   */
  call<M extends MethodName>(agent: string, method: M, params: ParamsIn<M>, options?: CallOptions): Promise<Result<M>>;
  /** One request that nobody is seen by: what a resource or a prompt is made of. */
  read<M extends MethodName>(method: M, params: ParamsIn<M>, options?: CallOptions): Promise<Result<M>>;
  /** Tasks posted together, whole or not at all where they have refs. Each one's answer, in order. */
  send(agent: string, all: readonly ParamsIn<"tasks/send">[], signal: AbortSignal): Promise<BatchAnswer<Task>[]>;
  /** Answers when the board is there; throws Unreachable when it is not. */
  reach(agent: string): Promise<void>;
}
