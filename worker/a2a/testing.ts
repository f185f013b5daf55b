import { createExecutionContext } from "cloudflare:test";
import type { Task } from "../../protocol/index.ts";
import { app } from "../http/app.ts";
import { bindings, fetchWorker, freshName, HttpClient } from "../testing/pool.ts";
import type { WireError } from "./fault.ts";
import type { WireArtifactUpdate, WireMessage, WirePushConfig, WireStatusUpdate, WireTask } from "./wire.ts";

export const ORIGIN = "http://127.0.0.1:7777";
export const URI = `${ORIGIN}/ext/work-queue/v1`;

export interface Asked {
  /** "": no header, hence 0.3. */
  readonly version?: string;
  readonly extensions?: string;
  readonly headers?: Record<string, string>;
  /** Bindings of the worker, in place of the pool's. */
  readonly bindings?: Record<string, string>;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { id: unknown; result?: Record<string, unknown>; error?: WireError };
}

let messages = 0;

/** A message of one text part, or of the parts given. */
export function message(parts: string | object[], more: object = {}): WireMessage {
  messages += 1;
  const list = typeof parts === "string" ? [{ text: parts }] : parts;
  return { messageId: `m-${messages}`, role: "ROLE_USER", parts: list, ...more } as WireMessage;
}

/** One workspace, over A2A and over coord's own methods. */
export class A2ABoard {
  readonly name = freshName();
  readonly board = new HttpClient(this.name);
  readonly path = `/w/${this.name}/a2a`;

  async fetch(body: string, { version = "1.0", extensions, headers = {}, bindings: other }: Asked = {}): Promise<Response> {
    const init = {
      method: "POST",
      body,
      headers: {
        host: "127.0.0.1:7777",
        "content-type": "application/json",
        ...(version === "" ? {} : { "a2a-version": version }),
        ...(extensions ? { [version === "" ? "x-a2a-extensions" : "a2a-extensions"]: extensions } : {}),
        ...headers,
      },
    };
    if (!other) return fetchWorker(this.path, init);
    const request = new Request(`${ORIGIN}${this.path}`, init);
    return app.fetch(request, { WORKSPACE: bindings.WORKSPACE, ...other } as never, createExecutionContext());
  }

  async ask(method: string, params: unknown, asked?: Asked): Promise<Answered> {
    const response = await this.fetch(JSON.stringify({ jsonrpc: "2.0", id: 7, method, params }), asked);
    return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
  }

  /** The result; throws where there is none. */
  async call<T = Record<string, unknown>>(method: string, params: unknown, asked?: Asked): Promise<T> {
    const { body } = await this.ask(method, params, asked);
    if (body.error) throw new Error(`${method}: ${JSON.stringify(body.error)}`);
    return body.result as T;
  }

  async error(method: string, params: unknown, asked?: Asked): Promise<WireError> {
    const { status, body } = await this.ask(method, params, asked);
    if (!body.error || status !== 200 || body.id !== 7) throw new Error(`${method} was not refused: ${status} ${JSON.stringify(body)}`);
    return body.error;
  }

  /** Posts a job and returns at once. */
  async post(parts: string | object[], metadata?: object, more: object = {}): Promise<WireTask> {
    const params = {
      message: message(parts, more),
      configuration: { returnImmediately: true },
      ...(metadata ? { metadata: { [URI]: metadata } } : {}),
    };
    return (await this.call<{ task: WireTask }>("SendMessage", params)).task;
  }

  get(id: string, params: object = {}): Promise<WireTask> {
    return this.call<WireTask>("GetTask", { id, ...params });
  }

  webhook(taskId: string, config: object): Promise<WirePushConfig> {
    return this.call<WirePushConfig>("CreateTaskPushNotificationConfig", { taskId, ...config });
  }

  /** Takes a job and finishes it, over coord's own methods. */
  async finish(id: string, result: unknown, agent_id = "worker"): Promise<Task> {
    await this.board.call("tasks/claim", { id, agent_id });
    return (await this.board.call("tasks/complete", { id, agent_id, result })).task;
  }

  /** A stream: `next` gives the result of the next event, or null at its end. */
  async stream(method: string, params: unknown, asked?: Asked): Promise<EventReader> {
    const response = await this.fetch(JSON.stringify({ jsonrpc: "2.0", id: 7, method, params }), asked);
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) throw new Error(`no stream: ${await response.text()}`);
    return new EventReader(response);
  }
}

/** What a stream carries: exactly one of these. */
export interface StreamEvent {
  readonly task?: WireTask;
  readonly statusUpdate?: WireStatusUpdate;
  readonly artifactUpdate?: WireArtifactUpdate;
}

export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(response: Response) {
    this.#reader = response.body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  }

  async next(): Promise<StreamEvent | null> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end !== -1) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        const data = block.split("\n").filter((line) => line.startsWith("data: "));
        if (data.length > 0) return JSON.parse(data.map((line) => line.slice(6)).join("\n")).result;
        continue;
      }
      const { done, value } = await this.#reader.read();
      if (done) return null;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  /** Everything that is still to come. */
  async rest(): Promise<StreamEvent[]> {
    const all: StreamEvent[] = [];
    for (let one = await this.next(); one !== null; one = await this.next()) all.push(one);
    return all;
  }

  /** The client goes away. */
  leave(): Promise<void> {
    return this.#reader.cancel();
  }
}
