import { LIMITS, overLimit, type Refusal, type RpcId, type RpcResponse, toRpcError } from "../../protocol/index.ts";
import type { Outcome } from "./turn.ts";

/** An outcome as a JSON-RPC 2.0 response object (§5). */
export function rpcResponse(id: RpcId, outcome: Outcome<unknown>): RpcResponse {
  return outcome.ok ? { jsonrpc: "2.0", id, result: outcome.value } : { jsonrpc: "2.0", id, error: toRpcError(outcome.refusal) };
}

/** The refusal of a read whose answer no request may carry; `instead` says how to read it in parts. */
export function answerTooLarge(instead: string): Refusal {
  const { value, unit } = LIMITS.answer_chars;
  const refusal = overLimit("answer_chars", value, unit, "more");
  const remedy = `The answer is too large for one piece: ${instead}.`;
  return { ...refusal, message: `${refusal.message}; ${instead}`, data: { ...refusal.data, remedy } };
}

/** The answers to one request or frame, made into text as they come, so that what is already too much is known in time. */
export class Answers {
  readonly #texts: string[] = [];
  /** What is left of `answer_chars`; at 0 or below, further reads of the same request are refused. */
  room: number = LIMITS.answer_chars.value;

  /** Adds the answer to the call at a place in the batch. */
  add(place: number, response: RpcResponse): void {
    const text = JSON.stringify(response);
    this.room -= text.length;
    this.#texts[place] = text;
  }

  /** The body or frame, in the order of the calls; null where there was nothing but notifications. */
  text(batch: boolean): string | null {
    const given = this.#texts.filter((text) => text !== undefined);
    if (given.length === 0) return null;
    return batch ? `[${given.join(",")}]` : given[0]!;
  }
}
