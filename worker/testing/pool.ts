import { env, exports } from "cloudflare:workers";
import type { MethodName, ParamsIn, Result, RpcError, ServerNotification } from "../../protocol/index.ts";
import type { Env } from "../env.ts";

export const bindings = env as unknown as Env;
const worker = (exports as unknown as { default: { fetch(request: Request): Promise<Response> } }).default;

let used = 0;
/** A workspace that no other test has touched. */
export function freshName(): string {
  used += 1;
  return `test-${used}-${crypto.randomUUID().slice(0, 8)}`;
}

export type Answer = { result?: unknown; error?: RpcError; id?: unknown };

export function fetchWorker(path: string, init?: RequestInit): Promise<Response> {
  const headers = new Headers(init?.headers);
  if (!headers.has("host")) headers.set("host", "127.0.0.1:7777");
  return worker.fetch(new Request(`http://127.0.0.1:7777${path}`, { ...init, headers }));
}

/** One workspace over HTTP, in the test pool. */
export class HttpClient {
  readonly name: string;
  constructor(name = freshName()) {
    this.name = name;
  }
  get stub() {
    return bindings.WORKSPACE.getByName(this.name);
  }
  post(body: string): Promise<Response> {
    return fetchWorker(`/w/${this.name}/`, { method: "POST", body, headers: { "content-type": "application/json" } });
  }
  async raw(method: string, params: unknown): Promise<Answer> {
    return (await this.post(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }))).json();
  }
  async call<M extends MethodName>(method: M, params: ParamsIn<M>): Promise<Result<M>> {
    const answer = await this.raw(method, params);
    if (answer.error) throw Object.assign(new Error(answer.error.message), answer.error);
    return answer.result as Result<M>;
  }
  async refusal<M extends MethodName>(method: M, params: ParamsIn<M>): Promise<RpcError> {
    const answer = await this.raw(method, params);
    if (!answer.error) throw new Error(`${method} was not refused: ${JSON.stringify(answer.result)}`);
    return answer.error;
  }
}

/** One session in the test pool. Frames are queued; `next` takes the first that fits. */
export class SessionClient {
  readonly socket: WebSocket;
  readonly frames: (Answer & Partial<ServerNotification>)[] = [];
  readonly #wanted: { fits(frame: unknown): boolean; take(frame: never): void }[] = [];
  #id = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.addEventListener("message", (event) => {
      const frame = JSON.parse(event.data as string);
      const at = this.#wanted.findIndex((one) => one.fits(frame));
      if (at === -1) this.frames.push(frame);
      else this.#wanted.splice(at, 1)[0]!.take(frame as never);
    });
    socket.accept();
  }

  static async open(name: string): Promise<SessionClient> {
    const response = await fetchWorker(`/w/${name}/session`, { headers: { upgrade: "websocket" } });
    if (!response.webSocket) throw new Error(`no session: ${response.status} ${await response.text()}`);
    return new SessionClient(response.webSocket);
  }

  next<T = Answer>(fits: (frame: T) => boolean): Promise<T> {
    const at = this.frames.findIndex((frame) => fits(frame as T));
    if (at !== -1) return Promise.resolve(this.frames.splice(at, 1)[0] as T);
    return new Promise((resolve) => this.#wanted.push({ fits: (frame) => fits(frame as T), take: resolve as (frame: never) => void }));
  }

  /** Sends a call and returns its id at once; `answer(id)` awaits it. */
  send<M extends MethodName>(method: M, params: ParamsIn<M>): number {
    this.#id += 1;
    this.socket.send(JSON.stringify({ jsonrpc: "2.0", id: this.#id, method, params }));
    return this.#id;
  }

  answer(id: number): Promise<Answer> {
    return this.next((frame) => frame.id === id);
  }

  async call<M extends MethodName>(method: M, params: ParamsIn<M>): Promise<Result<M>> {
    const answer = await this.answer(this.send(method, params));
    if (answer.error) throw Object.assign(new Error(answer.error.message), answer.error);
    return answer.result as Result<M>;
  }
}
