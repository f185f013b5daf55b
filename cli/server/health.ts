import { request } from "node:http";

/** What a server said. */
export interface Reply {
  readonly status: number;
  readonly body: string;
}

export interface AskOptions {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Limit for the connection to stand, in milliseconds. A server that is ending accepts nothing and refuses nothing. */
  readonly connect_ms?: number;
  /** Limit for the whole answer, in milliseconds. */
  readonly response_ms?: number;
}

/** An http request that cannot hang. Rejects with Node's error; `code` is ECONNREFUSED when nothing listens, ETIMEDOUT past a limit. */
export function ask(url: string | URL, options: AskOptions = {}): Promise<Reply> {
  const { method = "GET", headers = {}, body, connect_ms = 1000, response_ms = 3000 } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method,
      agent: false,
      headers: { ...headers, ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }) },
    });
    const late = (what: string, limit_ms: number) =>
      setTimeout(() => {
        outgoing.destroy(Object.assign(new Error(`${what} after ${limit_ms} ms`), { code: "ETIMEDOUT" }));
      }, limit_ms);
    const connecting = late("no connection", connect_ms);
    const answering = late("no answer", response_ms);
    const settle = () => {
      clearTimeout(connecting);
      clearTimeout(answering);
    };
    outgoing.on("socket", (socket) => socket.once("connect", () => clearTimeout(connecting)));
    outgoing.on("error", (error) => {
      settle();
      reject(error);
    });
    outgoing.on("response", (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", (error) => {
        settle();
        reject(error);
      });
      incoming.on("end", () => {
        settle();
        resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") });
      });
    });
    outgoing.end(body);
  });
}

/** `Authorization` for a server that wants a token, nothing for one that does not. */
export function bearer(token: string | undefined): Record<string, string> {
  return token ? { authorization: `Bearer ${token}` } : {};
}

export type Health =
  /** A coord server answers. */
  | { readonly state: "up"; readonly version: string }
  /** Nothing listens there. */
  | { readonly state: "down" }
  /** Something listens that is not coord, or coord in trouble. */
  | { readonly state: "strange"; readonly detail: string };

/** Asks `GET /healthz`, which the worker answers by itself. Never rejects. */
export async function health(url: string, limits: Pick<AskOptions, "connect_ms" | "response_ms"> = {}): Promise<Health> {
  try {
    const { status, body } = await ask(new URL("healthz", url), limits);
    if (status !== 200) return { state: "strange", detail: `it answered ${status} to GET /healthz` };
    const { ok, version } = JSON.parse(body) as { ok?: unknown; version?: unknown };
    if (ok !== true || typeof version !== "string") return { state: "strange", detail: "it is not coord" };
    return { state: "up", version };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ECONNREFUSED") return { state: "down" };
    if (error instanceof SyntaxError) return { state: "strange", detail: "it is not coord" };
    return { state: "strange", detail: (error as Error).message };
  }
}
