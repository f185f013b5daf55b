import type { MethodName } from "../../protocol/index.ts";
import type { RpcError } from "../../protocol/refusals.ts";
import type { CliError } from "../errors.ts";
import { ConnectionLost, refused } from "./failures.ts";
import { repeatable } from "./mutations.ts";
import { withResolvers } from "./promises.ts";
import { requestText } from "./request-text.ts";
import type { CallOptions, Target } from "./types.ts";

/** One call from being made to being answered, over as many connections as that takes. */
export interface PendingCall {
  readonly id: number;
  readonly method: MethodName;
  readonly params: object;
  readonly text: string;
  readonly onBreak: "resend" | "reject";
  /** Runs before any later frame is looked at, unlike the promise's continuation. */
  readonly onResult: ((result: unknown) => void) | undefined;
  readonly promise: Promise<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  sends: number;
  /** Runs while there is no connection to send it on. */
  stranded: NodeJS.Timeout | undefined;
}

/** A call whose every sending ends in a broken connection is likely what breaks it. */
const MOST_SENDS = 8;

/** The calls of a session that are not answered yet. Knows nothing of sockets: it is told when there is a line and when it broke. */
export class PendingCalls {
  readonly #target: Target;
  readonly #giveUpMs: number;
  readonly #calls = new Map<number, PendingCall>();
  #nextId = 1;

  /** @param giveUpMs a call that finds no connection for this long fails with `ConnectionLost`. */
  constructor(target: Target, giveUpMs: number) {
    this.#target = target;
    this.#giveUpMs = giveUpMs;
  }

  /** Those that wait, in the order in which they were made. */
  get all(): PendingCall[] {
    return [...this.#calls.values()];
  }

  /** @throws CliError where the call is too large or too deep for one frame. */
  make(method: MethodName, given: object, onBreak: CallOptions["onBreak"], onResult: PendingCall["onResult"]): PendingCall {
    const id = this.#nextId++;
    const params = repeatable(method, given);
    const text = requestText({ jsonrpc: "2.0", id, method, params });
    const call = {
      id,
      method,
      params,
      text,
      onBreak: onBreak ?? "resend",
      onResult,
      ...withResolvers<unknown>(),
      sends: 0,
      stranded: undefined,
    };
    this.#calls.set(id, call);
    return call;
  }

  /** Sends it; one that has been sent too often is failed instead. */
  transmit(call: PendingCall, send: (text: string) => void): void {
    clearTimeout(call.stranded);
    call.stranded = undefined;
    if (!this.#calls.has(call.id)) return;
    if (call.sends++ < MOST_SENDS) send(call.text);
    else this.fail(call, new ConnectionLost(this.#target, `${MOST_SENDS} connections ended before ${call.method} was answered`));
  }

  /** There is no connection for it now. */
  strand(call: PendingCall): void {
    // every failed attempt to connect says so again: the time to give up counts from the first
    if (call.stranded !== undefined) return;
    call.stranded = setTimeout(() => this.fail(call, new ConnectionLost(this.#target, "no connection could be made")), this.#giveUpMs);
  }

  /** The connection ended: what was under way waits for the next one, or fails where it must not be repeated blindly. */
  broke(why: string): void {
    for (const call of this.all) {
      if (call.sends === 0) continue;
      if (call.onBreak === "resend") this.strand(call);
      else this.fail(call, new ConnectionLost(this.#target, why));
    }
  }

  /** The call that this answer belongs to, now settled; undefined for an answer to none. */
  settle(id: number, result: unknown, error: Pick<RpcError, "code" | "message"> | undefined): PendingCall | undefined {
    const call = this.#calls.get(id);
    if (!call) return undefined;
    this.#forget(call);
    if (error) {
      call.reject(refused(error, call.params));
    } else {
      call.onResult?.(result);
      call.resolve(result);
    }
    return call;
  }

  /** Whether it was still waiting. */
  fail(call: PendingCall, error: unknown): boolean {
    const wasWaiting = this.#forget(call);
    if (wasWaiting) call.reject(error);
    return wasWaiting;
  }

  failAll(error: CliError): void {
    for (const call of this.all) this.fail(call, error);
  }

  #forget(call: PendingCall): boolean {
    clearTimeout(call.stranded);
    return this.#calls.delete(call.id);
  }
}
