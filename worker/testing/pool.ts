import { env, exports } from "cloudflare:workers";
import { Board, Session, type Transport } from "../../tests/scenarios/client.ts";
import type { Env } from "../env.ts";

export const bindings = env as unknown as Env;
const worker = (exports as unknown as { default: { fetch(request: Request): Promise<Response> } }).default;

let used = 0;
/** A workspace that no other test has touched. */
export function freshName(): string {
  used += 1;
  return `test-${used}-${crypto.randomUUID().slice(0, 8)}`;
}

export function fetchWorker(path: string, init?: RequestInit): Promise<Response> {
  const headers = new Headers(init?.headers);
  if (!headers.has("host")) headers.set("host", "127.0.0.1:7777");
  return worker.fetch(new Request(`http://127.0.0.1:7777${path}`, { ...init, headers }));
}

/** The worker in the test pool. */
export const pool: Transport = {
  fetch: (path, options) => fetchWorker(path, options),
  async connect(path, receive) {
    const response = await fetchWorker(path, { headers: { upgrade: "websocket" } });
    const socket = response.webSocket;
    if (!socket) throw new Error(`no session: ${response.status} ${await response.text()}`);
    socket.addEventListener("message", (event) => receive(event.data as string));
    socket.accept();
    return { send: (frame) => socket.send(frame), close: () => socket.close(1000) };
  },
};

/** One workspace over HTTP, in the test pool. */
export class HttpClient extends Board {
  constructor(name = freshName()) {
    super(name, pool);
  }
  get stub() {
    return bindings.WORKSPACE.getByName(this.name);
  }
}

export const SessionClient = {
  open: (name: string): Promise<Session> => Session.open(pool, name),
};
