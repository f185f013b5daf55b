import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { Target } from "./types.ts";

/** A request as it came over a session. */
export interface Heard {
  readonly id: number;
  readonly method: string;
  readonly params: Record<string, unknown>;
}

/** The server's end of one session, played by a test: it hears what the client sends and says whatever it likes. */
export class ScriptedPeer {
  readonly socket: WebSocket;
  readonly #heard: Heard[] = [];
  readonly #waiting: ((heard: Heard) => void)[] = [];
  pings = 0;

  constructor(socket: WebSocket, answersPings: boolean) {
    this.socket = socket;
    socket.on("error", () => {}); // the client dropping the line is part of the script
    socket.on("message", (data) => {
      const text = data.toString();
      if (text === "ping") {
        this.pings++;
        if (answersPings) socket.send("pong");
        return;
      }
      const heard = JSON.parse(text) as Heard;
      const next = this.#waiting.shift();
      if (next) next(heard);
      else this.#heard.push(heard);
    });
  }

  /** The next request, which must be of this method. */
  async hears(method: string): Promise<Heard> {
    const heard = this.#heard.shift() ?? (await new Promise<Heard>((resolve) => this.#waiting.push(resolve)));
    if (heard.method !== method) throw new Error(`heard ${heard.method}, expected ${method}`);
    return heard;
  }

  /** Requests that came and were not asked for yet. */
  get unheard(): readonly Heard[] {
    return this.#heard;
  }

  says(frame: unknown): void {
    this.socket.send(JSON.stringify(frame));
  }

  answers(heard: Heard, result: unknown): void {
    this.says({ jsonrpc: "2.0", id: heard.id, result });
  }

  refuses(heard: Heard, error: { code: number; message: string; data?: unknown }): void {
    this.says({ jsonrpc: "2.0", id: heard.id, error });
  }
}

/** A WebSocket server on a free port of the loopback whose every session a test plays. */
export class ScriptedServer implements AsyncDisposable {
  readonly target: Target;
  readonly #http: Server;
  readonly #peers: ScriptedPeer[] = [];
  readonly #waiting: ((peer: ScriptedPeer) => void)[] = [];
  /** Answers the upgrades to come with this status and body instead. */
  refusal: { status: number; body: string } | undefined;
  answersPings = true;
  connections = 0;

  static async start(): Promise<ScriptedServer> {
    const http = createServer();
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    return new ScriptedServer(http);
  }

  private constructor(http: Server) {
    this.#http = http;
    this.target = { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`, workspace: "default" };
    const sockets = new WebSocketServer({ noServer: true });
    http.on("upgrade", (request, socket, head) => {
      this.connections++;
      if (this.refusal) {
        const { status, body } = this.refusal;
        socket.end(
          `HTTP/1.1 ${status} No\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
        );
        return;
      }
      sockets.handleUpgrade(request, socket, head, (websocket) => {
        const peer = new ScriptedPeer(websocket, this.answersPings);
        const next = this.#waiting.shift();
        if (next) next(peer);
        else this.#peers.push(peer);
      });
    });
  }

  /** The next session that is opened. */
  async peer(): Promise<ScriptedPeer> {
    return this.#peers.shift() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.closeAllConnections();
    this.#http.close();
  }
}
