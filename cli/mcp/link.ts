import type { Board, CallOptions } from "../../mcp/board.ts";
import { Refused, Unreachable } from "../../mcp/failures.ts";
import type { MethodName, ParamsIn, Result, Task } from "../../protocol/index.ts";
import { EXIT, fromRpcError, REFUSALS, type RefusalCode } from "../../protocol/refusals.ts";
import type { BatchAnswer } from "../../protocol/siblings.ts";
import type { Session } from "../client/types.ts";
import { CliError } from "../errors.ts";

/** How long a call waits for a server that is starting or restarting before it says that none answers, in milliseconds. */
export const PATIENCE_MS = 5_000;

export type Batch = (all: readonly ParamsIn<"tasks/send">[], signal: AbortSignal) => Promise<BatchAnswer<Task>[]>;

/**
 * The one session of this process. It is opened by the first tool call, not before: that a host started its tools is no reason to
 * start a server. It reconnects by itself and announces its agents again; one that ended for good (the server wants another
 * token, say) is opened anew by the next call.
 */
export class Link implements Board {
  readonly #open: () => Session;
  readonly #batch: Batch;
  readonly #opened: () => void;
  #session: Session | undefined;
  /** Agents announced on the present session. */
  #announced = new Set<string>();

  /**
   * @param open a session that comes up in its own time, and whose calls fail with exit 7 when it has not within {@link PATIENCE_MS}.
   * @param batch posts many tasks in one request, whole or not at all
   * @param opened told when a session was opened
   */
  constructor(open: () => Session, batch: Batch, opened: () => void = () => {}) {
    this.#open = open;
    this.#batch = batch;
    this.#opened = opened;
  }

  /** Tasks posted together, by an agent that is known to be here. Each call's answer, in order. */
  async send(agent: string, all: readonly ParamsIn<"tasks/send">[], signal: AbortSignal): Promise<BatchAnswer<Task>[]> {
    await this.reach(agent);
    return understood(this.#batch(all, signal));
  }

  /** One request, on a session on which this agent is known to be here. */
  async call<M extends MethodName>(agent: string, method: M, params: ParamsIn<M>, options?: CallOptions): Promise<Result<M>> {
    const session = this.current();
    if (!this.#announced.has(agent)) await this.#announce(session, agent);
    return understood(session.call(method, params, options));
  }

  async read<M extends MethodName>(method: M, params: ParamsIn<M>, options?: CallOptions): Promise<Result<M>> {
    return understood(this.current().call(method, params, options));
  }

  /** Answers when the server is there; fails when it is not within {@link PATIENCE_MS}. */
  async reach(agent: string): Promise<void> {
    const session = this.current();
    if (session.state !== "open" || !this.#announced.has(agent)) await this.#announce(session, agent);
  }

  /**
   * Answers when the server has answered everything that was sent before, whatever that was: frames stay in order. A job that
   * was handed over while its call was given up is then on its way back.
   */
  async settle(): Promise<void> {
    const [agent] = this.#announced;
    if (agent === undefined || this.#session?.state !== "open") return;
    await this.#session.call("agents/heartbeat", { id: agent, name: agent }, { onBreak: "reject" }).catch(() => {}); // gone: nothing is on its way
  }

  /** Whether there is a session that is not closed for good. */
  get isOpen(): boolean {
    return this.#session !== undefined && this.#session.state !== "closed";
  }

  /** Whether a server is there. */
  get isReady(): boolean {
    return this.#session?.state === "open";
  }

  /** Ends the session, if there ever was one: the server forgets its waits with it. */
  async close(): Promise<void> {
    await this.#session?.close();
  }

  /** The session; a new one where there is none. */
  current(): Session {
    if (!this.#session || this.#session.state === "closed") {
      this.#session = this.#open();
      this.#announced = new Set();
      this.#opened();
    }
    return this.#session;
  }

  async #announce(session: Session, agent: string): Promise<void> {
    await understood(session.call("agents/heartbeat", { id: agent, name: agent }));
    if (session === this.#session) this.#announced.add(agent);
  }
}

/** What the program's client throws, in the words of the tools. */
async function understood<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (thrown) {
    throw thrown instanceof CliError ? meaning(thrown) : thrown;
  }
}

function meaning(error: CliError): Refused | Unreachable {
  if (error.exit === EXIT.unreachable) return new Unreachable(error.message, error.next ?? "start it: coord serve --detach", error);
  const { code, ...data } = error.data;
  const known = typeof code === "string" && Object.hasOwn(REFUSALS, code) ? (code as RefusalCode) : "internal";
  return new Refused(fromRpcError({ code: REFUSALS[known].rpc, message: error.message, data: { ...data, code: known } }));
}
