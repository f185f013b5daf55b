import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import type { RpcError } from "../../protocol/index.ts";
import { ALL_METHODS, type Door, PATIENCE_MS, pause, type Told } from "./door.ts";

/** A script with an HTTP library: connections are kept, and a call that broke is asked again under its key. */
export function httpDoor(url: string): Door {
  const agent = new Agent({ keepAlive: true });
  return {
    methods: ALL_METHODS,
    async call(method, params) {
      const key = method === "tasks/get" || method === "tasks/wait" ? {} : { idempotency_key: randomUUID() };
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, ...key } });
      const answerMs = PATIENCE_MS + Number(params.timeout_ms ?? params.wait_ms ?? 0);
      const deadline = performance.now() + answerMs;
      // without a cursor a second question is another question
      const repeats = method !== "tasks/wait" || params.after !== undefined;
      for (;;) {
        const told = await post(url, agent, body, answerMs);
        if (told !== "lost" || !repeats || performance.now() > deadline) return told;
        await pause(100 + Math.random() * 300);
      }
    },
    async close() {
      agent.destroy();
    },
  };
}

function post(url: string, agent: Agent, body: string, answerMs: number): Promise<Told> {
  return new Promise((resolve) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = request(url, { method: "POST", agent, headers, timeout: answerMs }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("error", () => resolve("lost"));
      response.on("end", () => resolve(response.complete ? meaning(text) : "lost"));
    });
    sent.on("error", () => resolve("lost"));
    sent.on("timeout", () => sent.destroy(new Error("no answer")));
    sent.end(body);
  });
}

function meaning(text: string): Told {
  try {
    const { result, error } = JSON.parse(text) as { result?: unknown; error?: RpcError };
    if (error) return { no: error as { code: number; message: string; data?: Record<string, unknown> } };
    return { ok: result };
  } catch {
    // the connection ended in the middle of the answer
    return "lost";
  }
}
