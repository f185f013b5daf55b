import { LIMITS, type Principal } from "../../protocol/index.ts";
import { type Answered, isHandedOver, textOf } from "../http/held.ts";
import type { A2ACommand, A2AParams, A2AValue } from "./board/commands.ts";
import { refusalFault } from "./fault.ts";

/** The object as the A2A side uses it. */
export interface BoardStub {
  a2a(name: A2ACommand, params: string, principal: Principal): Promise<string>;
  request(body: string, principal: Principal, requestId: string): Promise<Answered>;
  takeBack(requestId: string): Promise<void>;
}

/** What a conflict is to the method that asks. */
export type Conflicts = Parameters<typeof refusalFault>[1];

/** How long one question is held by the object; asked again and again. */
const HOLD_MS = LIMITS.wait_ms.value;

/** The calls of one A2A request to the object, and what it waits for there. */
export class Calls {
  readonly #stub: BoardStub;
  readonly #principal: Principal;
  readonly #requestId = crypto.randomUUID();
  #gone = false;
  #handedOver = false;

  constructor(stub: BoardStub, principal: Principal) {
    this.#stub = stub;
    this.#principal = principal;
  }

  /** One A2A command. Throws `Fault` for a refusal. */
  async a2a<C extends A2ACommand>(name: C, params: A2AParams<C>, conflicts?: Conflicts): Promise<A2AValue<C>> {
    const outcome = JSON.parse(await this.#stub.a2a(name, JSON.stringify(params), this.#principal));
    if (!outcome.ok) throw refusalFault(outcome.refusal, conflicts);
    return outcome.value as A2AValue<C>;
  }

  /** One of coord's own methods, which may wait; the JSON-RPC answer as it came. */
  async own(method: string, params: object): Promise<{ result?: unknown; error?: { code: number; message: string; data?: unknown } }> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const given = await this.#stub.request(body, this.#principal, this.#requestId);
    if (isHandedOver(given)) this.#handedOver = true;
    return JSON.parse(await textOf(given));
  }

  /**
   * Waits until the log says something about a task after a cursor.
   * @returns false where the object let go of the question early: the server is about to stop, or the client has gone
   */
  async news(id: string, after: number): Promise<boolean> {
    for (;;) {
      if (this.#gone) return false;
      const began = Date.now();
      const { result } = await this.own("events/list", { after, limit: 1, filter: { ids: [id] }, wait_ms: HOLD_MS });
      if (((result as { events?: unknown[] } | undefined)?.events ?? []).length > 0) return true;
      if (Date.now() - began < HOLD_MS - 1_000) return false;
    }
  }

  /** The answer as it goes to the client: whether it hands a job over is to be known there. */
  answered(text: string): Answered {
    return this.#handedOver ? { handedOver: text } : text;
  }

  /** The client went away unanswered: its question leaves the board, even one that is still on its way there, and a job goes back. */
  async leave(): Promise<void> {
    this.#gone = true;
    await this.#stub.takeBack(this.#requestId);
  }
}
