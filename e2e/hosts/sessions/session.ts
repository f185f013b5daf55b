import type { Agent } from "../stage.ts";

/** A session that stays when its turn is over, or ends by itself where the program has no other way. */
export interface Session {
  /** What it has printed, for the message of a failure. */
  output(): string;
  /** Resolves when it has ended by itself; never for one that stays. Rejects when it ended badly. */
  readonly over: Promise<void>;
  kill(): void;
  /** Where it is reached over HTTP: the server's address and the session's id. */
  readonly served?: { readonly url: string; readonly id: string };
}

/** Begins a session with a prompt, as somebody at the keyboard would. */
export type Begin = (agent: Agent, prompt: string, limitMs: number) => Promise<Session>;
