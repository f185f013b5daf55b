import { Agent, request } from "node:http";
import { frame, type Params } from "./session.ts";

/** A caller over HTTP: one kept-alive connection, one request at a time. */
export class HttpCaller {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #url: URL;
  #id = 0;

  constructor(url: string) {
    this.#url = new URL(url);
  }

  /** Posts a call; resolves with the answer's bytes, whatever they say. */
  ask(method: string, params: Params): Promise<Buffer> {
    this.#id += 1;
    const body = frame(this.#id, method, params);
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    return new Promise((answered, failed) => {
      const call = request(this.#url, { method: "POST", agent: this.#agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => answered(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
        response.on("error", failed);
      });
      call.on("error", failed);
      call.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
