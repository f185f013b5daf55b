import { expect } from "vitest";
import { METHODS, type MethodName, type ParamsIn, type Result, type RpcError, type ServerNotification } from "../../protocol/index.ts";

export type Answer = { jsonrpc?: string; result?: unknown; error?: RpcError; id?: unknown };
export type Frame = Answer & Partial<ServerNotification>;

/** The part of a response that scenarios look at, the same of undici's and of workerd's. */
export interface Reply {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

export interface RequestOptions {
  readonly method?: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

/** One end of a WebSocket. */
export interface Link {
  send(frame: string | Uint8Array<ArrayBuffer>): void;
  close(): void;
}

/** How scenarios reach a coordinator: the object in the test pool, or a spawned `coord serve`. */
export interface Transport {
  fetch(path: string, options?: RequestOptions): Promise<Reply>;
  /** Upgrades; every text frame that comes goes to `receive`. */
  connect(path: string, receive: (text: string) => void): Promise<Link>;
}

/** Makes a workspace that no other test has touched. */
export type Connect = () => Board;

/** A JSON-RPC error as an exception: its `code` and `data` are the refusal's. */
export class Refused extends Error {
  readonly error: RpcError;
  constructor(method: string, error: RpcError) {
    super(`${method}: ${error.message} ${JSON.stringify(error.data)}`);
    this.error = error;
  }
}

/** The result, after a look at whether it is exactly what `protocol/` says that the method answers. */
function checked<M extends MethodName>(method: M, answer: Answer): Result<M> {
  if (answer.error) throw new Refused(method, answer.error);
  // a field that the schema does not have is stripped, and the comparison shows it
  expect(METHODS[method].result.parse(answer.result), `the result of ${method}`).toEqual(answer.result);
  return answer.result as Result<M>;
}

abstract class Caller {
  /** The answer as it came; `params` may be as wrong as a test wants them. */
  abstract raw(method: string, params?: unknown): Promise<Answer>;

  /** The result, which fits its schema; throws `Refused`. */
  async call<M extends MethodName>(method: M, params: ParamsIn<M>): Promise<Result<M>> {
    return checked(method, await this.raw(method, params));
  }

  /** The error, where one is expected. */
  async refusal(method: string, params?: unknown): Promise<RpcError> {
    const answer = await this.raw(method, params);
    if (!answer.error) throw new Error(`${method} was not refused: ${JSON.stringify(answer.result).slice(0, 400)}`);
    return answer.error;
  }
}

/** One workspace, called by HTTP. */
export class Board extends Caller {
  readonly name: string;
  readonly transport: Transport;
  /** HTTP requests made by this client. */
  requests = 0;

  constructor(name: string, transport: Transport) {
    super();
    this.name = name;
    this.transport = transport;
  }

  post(body: string | Uint8Array<ArrayBuffer>, options: Omit<RequestOptions, "body" | "method"> = {}): Promise<Reply> {
    this.requests += 1;
    const headers = { "content-type": "application/json", ...options.headers };
    return this.transport.fetch(`/w/${this.name}/`, { ...options, method: "POST", body, headers });
  }

  async raw(method: string, params?: unknown, options: Omit<RequestOptions, "body" | "method"> = {}): Promise<Answer> {
    const reply = await this.post(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }), options);
    return JSON.parse(await reply.text());
  }

  /** Many calls, in batches of at most 100; their results in order. */
  async batch<M extends MethodName>(method: M, all: readonly ParamsIn<M>[]): Promise<Result<M>[]> {
    const results: Result<M>[] = [];
    for (let at = 0; at < all.length; at += 100) {
      const calls = all.slice(at, at + 100).map((params, id) => ({ jsonrpc: "2.0", id, method, params }));
      const answers = JSON.parse(await (await this.post(JSON.stringify(calls))).text()) as Answer[];
      results.push(...answers.map((answer) => checked(method, answer)));
    }
    return results;
  }

  /** The whole log. */
  async log() {
    const events: Result<"events/list">["events"] = [];
    for (let after = 0; ; ) {
      const page = await this.call("events/list", { after, limit: 500 });
      events.push(...page.events);
      if (page.events.length < 500) return events;
      after = page.cursor;
    }
  }

  async session(): Promise<Session> {
    return Session.open(this.transport, this.name);
  }

  /** Asks until that many waits are open on the workspace: whoever asked to wait is in line then. */
  async waiting(count: number): Promise<void> {
    const deadline = Date.now() + 10_000;
    while (Date.now() < deadline) {
      if ((await this.call("workspace/info", {})).waiters === count) return;
    }
    throw new Error(`not within 10 s: ${count} waiters`);
  }
}

/** One session. Frames are queued; `next` takes the first that fits. */
export class Session extends Caller {
  readonly frames: Frame[] = [];
  readonly #wanted: { fits(frame: Frame): boolean; take(frame: Frame): void }[] = [];
  #link: Link | undefined;
  #id = 0;

  static async open(transport: Transport, workspace: string): Promise<Session> {
    const session = new Session();
    session.#link = await transport.connect(`/w/${workspace}/session`, (text) => session.#receive(JSON.parse(text)));
    return session;
  }

  #receive(frame: Frame): void {
    const at = this.#wanted.findIndex((one) => one.fits(frame));
    if (at === -1) this.frames.push(frame);
    else this.#wanted.splice(at, 1)[0]!.take(frame);
  }

  /** The first frame that fits, of those that came or of those to come. */
  next<T extends object = Frame>(fits: (frame: T) => boolean): Promise<T> {
    const at = this.frames.findIndex((frame) => fits(frame as T));
    if (at !== -1) return Promise.resolve(this.frames.splice(at, 1)[0] as T);
    return new Promise((resolve) =>
      this.#wanted.push({ fits: (frame) => fits(frame as unknown as T), take: (frame) => resolve(frame as T) }),
    );
  }

  /** Sends a call and returns its id at once; `answer(id)` awaits it. */
  send(method: string, params?: unknown): number {
    this.#id += 1;
    this.frame(JSON.stringify({ jsonrpc: "2.0", id: this.#id, method, params }));
    return this.#id;
  }

  frame(text: string | Uint8Array<ArrayBuffer>): void {
    this.#link!.send(text);
  }

  answer(id: number): Promise<Answer> {
    return this.next((frame: Frame) => frame.id === id && ("result" in frame || "error" in frame));
  }

  async result<M extends MethodName>(method: M, id: number): Promise<Result<M>> {
    return checked(method, await this.answer(id));
  }

  raw(method: string, params?: unknown): Promise<Answer> {
    return this.answer(this.send(method, params));
  }

  close(): void {
    this.#link!.close();
  }
}
