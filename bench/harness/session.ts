import { WebSocket } from "ws";

export type Params = Readonly<Record<string, unknown>>;

/** A JSON-RPC call as text. */
export function frame(id: number, method: string, params: Params): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

/** Throws where an answer is not a result. It looks at the first bytes only, so that a long answer costs the client no more than a short one. */
export function assertResult(answer: Buffer): void {
  const start = answer.toString("latin1", 0, 80);
  if (!/^\{"jsonrpc":"2\.0","id":-?\d+,"result":[^n]/.test(start)) throw new Error(`refused: ${answer.toString("utf8", 0, 400)}`);
}

/** One session, bare: a WebSocket without compression, and a map from request ids to who waits for the answer. */
export class Session {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Buffer) => void>();
  #id = 0;
  sent = 0;
  received = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      this.received += 1;
      const id = idOf(data);
      const take = this.#waiting.get(id);
      this.#waiting.delete(id);
      take?.(data);
    });
    socket.on("error", (error) => process.stderr.write(`session: ${error.message}\n`));
  }

  /**
   * @param url of the server, with a trailing slash
   * @param handshake_ms how long the opening may take at most
   */
  static async open(url: string, workspace = "default", handshake_ms?: number): Promise<Session> {
    const path = workspace === "default" ? "session" : `w/${workspace}/session`;
    const limit = handshake_ms === undefined ? {} : { handshakeTimeout: handshake_ms };
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}${path}`, { perMessageDeflate: false, ...limit });
    await new Promise<void>((opened, failed) => {
      socket.once("open", opened);
      socket.once("error", failed);
    });
    return new Session(socket);
  }

  /** Many at once, a few handshakes at a time. */
  static async openMany(count: number, url: string, workspace?: string): Promise<Session[]> {
    const sessions: Session[] = [];
    while (sessions.length < count) {
      const some = Math.min(50, count - sessions.length);
      sessions.push(...(await Promise.all(Array.from({ length: some }, () => Session.open(url, workspace)))));
    }
    return sessions;
  }

  /** Sends a call; resolves with the answer's bytes, whatever they say. */
  ask(method: string, params: Params): Promise<Buffer> {
    this.#id += 1;
    const id = this.#id;
    this.sent += 1;
    return new Promise((answered) => {
      this.#waiting.set(id, answered);
      this.#socket.send(frame(id, method, params));
    });
  }

  /** Sends a call; resolves with its result, or rejects with the refusal. */
  async call<T>(method: string, params: Params): Promise<T> {
    const answer = JSON.parse((await this.ask(method, params)).toString()) as { result?: T; error?: { message: string } };
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result as T;
  }

  /** Sends one batch of calls; resolves with their results, in the calls' order. */
  async batch<T>(method: string, all: readonly Params[]): Promise<T[]> {
    const first = this.#id + 1;
    this.#id += all.length;
    this.sent += 1;
    const answer = await new Promise<Buffer>((answered) => {
      // a batch's answers may come in any order; whichever stands first names the frame
      for (let id = first; id <= this.#id; id += 1) this.#waiting.set(id, answered);
      this.#socket.send(`[${all.map((params, at) => frame(first + at, method, params)).join(",")}]`);
    });
    for (let id = first; id < first + all.length; id += 1) this.#waiting.delete(id);
    const answers = JSON.parse(answer.toString()) as { id: number; result?: T; error?: { message: string } }[];
    return answers
      .sort((a, b) => a.id - b.id)
      .map(({ result, error }) => {
        if (error) throw new Error(`${method}: ${error.message}`);
        return result as T;
      });
  }

  close(): void {
    this.#socket.terminate();
  }
}

/** The request id in an answer, without parsing the rest; the first one's in a batch's. */
function idOf(answer: Buffer): number {
  return Number(/^\[?\{"jsonrpc":"2\.0","id":(\d+)/.exec(answer.toString("latin1", 0, 60))?.[1] ?? -1);
}
