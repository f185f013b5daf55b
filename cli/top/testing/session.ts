import type { Event } from "../../../protocol/events.ts";
import type { MethodName } from "../../../protocol/index.ts";
import type { Session, SessionState, SubscribeOptions } from "../../client/types.ts";
import type { CliError } from "../../errors.ts";

export interface Asked {
  readonly method: string;
  readonly params: Record<string, unknown>;
}

/** A session without a server: the test answers its calls, and speaks for the log. */
export class ScriptedSession implements Session {
  state: SessionState = "open";
  readonly asked: Asked[] = [];
  readonly subscriptions: { options: SubscribeOptions; onEvents: (events: Event[], cursor: number) => void; isStopped: boolean }[] = [];
  readonly #answer: (method: string, params: Record<string, unknown>) => unknown;
  readonly #listeners: ((state: SessionState) => void)[] = [];

  constructor(answer: (method: string, params: Record<string, unknown>) => unknown) {
    this.#answer = answer;
  }

  call = (async (method: MethodName, params: object) => {
    this.asked.push({ method, params: params as Record<string, unknown> });
    return this.#answer(method, params as Record<string, unknown>);
  }) as Session["call"];

  async subscribe(options: SubscribeOptions, onEvents: (events: Event[], cursor: number) => void) {
    const entry = { options, onEvents, isStopped: false };
    this.subscriptions.push(entry);
    return {
      cursor: options.after ?? 0,
      stop: async () => {
        entry.isStopped = true;
      },
    };
  }

  async close(): Promise<void> {
    this.become("closed");
  }

  onState(listener: (state: SessionState) => void): void {
    this.#listeners.push(listener);
  }

  become(state: SessionState): void {
    this.state = state;
    for (const listener of this.#listeners) listener(state);
  }

  /** Events of the latest subscription. */
  deliver(...events: Event[]): void {
    this.subscriptions.at(-1)?.onEvents(events, events.at(-1)?.seq ?? 0);
  }

  lose(error: CliError): void {
    this.subscriptions.at(-1)?.options.onLost?.(error);
  }

  methods(): string[] {
    return this.asked.map(({ method }) => method);
  }
}
