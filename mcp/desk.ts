import { jsonWithin } from "../protocol/depth.ts";
import { LIMITS } from "../protocol/limits.ts";
import { overLimit } from "../protocol/refusals.ts";
import { agentOf, prepare } from "./arguments.ts";
import type { Board } from "./board.ts";
import { Refused } from "./failures.ts";
import { longestWait } from "./hosts.ts";
import { toToolError } from "./refusal.ts";
import type { Answer, Tool, ToolContext } from "./tools/definition.ts";

/** What the host says with a call. */
export interface Request {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Aborted when the host gives the call up. */
  readonly signal: AbortSignal;
  /** The host's `clientInfo.name`. */
  readonly host: string | undefined;
  readonly isThere?: (() => Promise<boolean>) | undefined;
  readonly progress?: ((elapsed: number, total: number) => void) | undefined;
}

export interface Reply {
  readonly answer: Answer;
  readonly isError: boolean;
}

export interface DeskOptions {
  readonly context: ToolContext;
  readonly tools: readonly Tool[];
  /** The longest a call may block, in seconds, whatever the host; else by the host's name. */
  readonly maxWait?: number | undefined;
  /** Given each call's answer while it is awaited, where something has to outlive the client for it. */
  readonly keepAlive?: ((reply: Promise<unknown>) => void) | undefined;
  /** Told of what is thrown and is no refusal: a bug. */
  readonly report: (bug: unknown) => void;
}

/** Where calls come in and answers go out: finds the tool, says who acts, turns refusals into tool errors, and adds what the agent has to be told. */
export class Desk {
  readonly #options: DeskOptions;
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #givenUp = new AbortController();
  readonly #inFlight = new Set<Promise<unknown>>();

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#tools = new Map(options.tools.map((tool) => [tool.name, tool]));
  }

  has(name: string): boolean {
    return this.#tools.has(name);
  }

  get tools(): readonly Tool[] {
    return this.#options.tools;
  }

  get board(): Board {
    return this.#options.context.board;
  }

  /** Told of bugs. */
  get report(): (bug: unknown) => void {
    return this.#options.report;
  }

  get areLeasesKept(): boolean {
    return this.#options.context.holds.areKept;
  }

  /** How long a call may block on this host, in seconds. */
  longestWait(host: string | undefined): number {
    return longestWait(host, this.#options.maxWait);
  }

  /** Never rejects: a refusal, and a bug, are answers with `isError`. */
  answer(request: Request): Promise<Reply> {
    const reply = this.#answer(request);
    this.#inFlight.add(reply);
    this.#options.keepAlive?.(reply);
    void reply.then(() => this.#inFlight.delete(reply));
    return reply;
  }

  /** Gives up every call that waits. */
  giveUpWaits(): void {
    this.#givenUp.abort();
  }

  /** Answers when no call is in flight any more. */
  async settled(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  async #answer(request: Request): Promise<Reply> {
    const { context, report } = this.#options;
    const { holds } = context;
    const tool = this.#tools.get(request.name)!;
    const agent = agentOf(request.args) ?? context.handle;
    const signal = tool.waits ? AbortSignal.any([request.signal, this.#givenUp.signal]) : request.signal;
    let reply: Reply;
    await holds.callBegins(agent);
    try {
      const { value, unit } = LIMITS.json_depth;
      // before anything recurses over them
      if (jsonWithin(request.args, value) === undefined) throw new Refused(overLimit("json_depth", value, unit, "more"));
      const call = {
        args: prepare(tool, request.args),
        agent,
        signal,
        longestWait: this.longestWait(request.host),
        isThere: request.isThere,
        progress: request.progress,
      };
      reply = { answer: await tool.run(call, context), isError: false };
    } catch (thrown) {
      reply = { answer: toToolError(thrown, report), isError: true };
    } finally {
      holds.callEnds(agent);
    }
    const notices = holds.takeNotices(agent);
    return notices.length === 0 ? reply : { ...reply, answer: { notices, ...reply.answer } };
  }
}
