import type { MethodName, ParamsIn, Result, Task } from "../../protocol/index.ts";
import type { BatchAnswer } from "../client/batch.ts";
import type { CallOptions, Session } from "../client/types.ts";

/** How long a call waits for a server that is starting or restarting before it says that none answers, in milliseconds. */
export const PATIENCE_MS = 5_000;

export type Batch = (all: readonly ParamsIn<"tasks/send">[], signal: AbortSignal) => Promise<BatchAnswer<Task>[]>;

/**
 * The one session of this process. It is opened by the first tool call, not before: that a host started its tools is no reason to
 * start a server. It reconnects by itself and announces its agents again; one that ended for good (the server wants another
 * token, say) is opened anew by the next call.
 */
export class Link {
  readonly #open: () => Session;
  readonly #batch: Batch;
  #session: Session | undefined;
  /** Agents announced on the present session. */
  #announced = new Set<string>();

  /**
   * @param open a session that comes up in its own time, and whose calls fail with exit 7 when it has not within {@link PATIENCE_MS}.
   * @param batch posts many tasks in one request, whole or not at all
   */
  constructor(open: () => Session, batch: Batch) {
    this.#open = open;
    this.#batch = batch;
  }

  /** Tasks posted together, by an agent that is known to be here. Each call's answer, in order. */
  async send(agent: string, all: readonly ParamsIn<"tasks/send">[], signal: AbortSignal): Promise<BatchAnswer<Task>[]> {
    await this.reach(agent);
    return this.#batch(all, signal);
  }

  /** One request, on a session on which this agent is known to be here. Refused with `CliError`, as `Session.call` is. */
  async call<M extends MethodName>(agent: string, method: M, params: ParamsIn<M>, options?: CallOptions): Promise<Result<M>> {
    const session = this.#current();
    if (!this.#announced.has(agent)) await this.#announce(session, agent);
    return session.call(method, params, options);
  }

  /** Answers when the server is there; fails with exit 7 when it is not within {@link PATIENCE_MS}. */
  async reach(agent: string): Promise<void> {
    const session = this.#current();
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

  /** Ends the session, if there ever was one: the server forgets its waits with it. */
  async close(): Promise<void> {
    await this.#session?.close();
  }

  #current(): Session {
    if (!this.#session || this.#session.state === "closed") {
      this.#session = this.#open();
      this.#announced = new Set();
    }
    return this.#session;
  }

  async #announce(session: Session, agent: string): Promise<void> {
    await session.call("agents/heartbeat", { id: agent, name: agent });
    if (session === this.#session) this.#announced.add(agent);
  }
}
