import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { anthropic } from "./anthropic.ts";
import { gemini } from "./gemini.ts";
import { openaiChat } from "./openai-chat.ts";
import { openaiResponses } from "./openai-responses.ts";
import { type Naming, type Policy, replyOf, type Seen, seenIn } from "./policy.ts";
import type { Asked, Reply, Sent, Turn, Wire } from "./turn.ts";

export const WIRES = { anthropic, "openai-responses": openaiResponses, gemini, "openai-chat": openaiChat } as const;
export type WireName = keyof typeof WIRES;

/** One request for the model's next step, and what it was given. */
export interface Exchange {
  /** When it was asked, in milliseconds since the epoch. */
  readonly at: number;
  readonly turn: Turn;
  readonly seen: Seen;
  readonly reply: Reply;
}

/** A scripted model behind its own address, and everything that it was asked. */
export interface Mind {
  /** The base of its API, without a slash at the end. */
  readonly url: string;
  /** The conversations' requests; side questions without tools (titles, routing) are left out. */
  readonly exchanges: Exchange[];
  /** Every request, as `METHOD path`. */
  readonly requests: string[];
}

export interface Model extends AsyncDisposable {
  /** By name. */
  readonly minds: ReadonlyMap<string, Mind>;
  /** @param thinkMs how long the model takes for each answer, in milliseconds */
  enroll(options: { name: string; wire: WireName; naming: Naming; policy: Policy; thinkMs?: number }): Mind;
}

interface Enrolled extends Mind {
  readonly wire: Wire;
  readonly naming: Naming;
  readonly policy: Policy;
  readonly thinkMs: number;
}

/** Serves scripted models on loopback, on a port of the system's choice: each at a path of its own, on the wire that its host speaks. */
export async function startModel(): Promise<Model> {
  const minds = new Map<string, Enrolled>();
  const server = createServer((request, response) => {
    handle(request, response, minds).catch((error: unknown) => {
      // The scenario sees the host fail; this says why.
      console.error("model:", error);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    minds,
    enroll({ name, wire, naming, policy, thinkMs = 0 }) {
      const url = `http://127.0.0.1:${port}/${name}`;
      const mind: Enrolled = { url, exchanges: [], requests: [], wire: WIRES[wire], naming, policy, thinkMs };
      minds.set(name, mind);
      return mind;
    },
    [Symbol.asyncDispose]: () => closed(server),
  };
}

async function handle(request: IncomingMessage, response: ServerResponse, minds: ReadonlyMap<string, Enrolled>): Promise<void> {
  const [, name = "", path = ""] = /^\/([^/]*)(.*)$/.exec(request.url ?? "") ?? [];
  const mind = minds.get(name);
  const text = await bodyOf(request);
  const asked: Asked = { path, body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>) };
  mind?.requests.push(`${request.method} ${path}`);
  const sent = mind && (mind.wire.asksModel(asked) ? await answered(mind, asked) : mind.wire.other(asked));
  response.writeHead(sent ? 200 : 404, { "content-type": sent?.type ?? "application/json" });
  response.end(sent?.body ?? "{}");
}

async function answered(mind: Enrolled, asked: Asked): Promise<Sent> {
  const turn = mind.wire.read(asked);
  if (turn.tools.length === 0) return mind.wire.write({ text: "ok" }, asked);
  const seen = seenIn(turn, mind.naming);
  const at = Date.now();
  const reply = replyOf(await mind.policy(seen), turn, mind.naming);
  mind.exchanges.push({ at, turn, seen, reply });
  if (mind.thinkMs > 0) await setTimeout(mind.thinkMs);
  return mind.wire.write(reply, asked);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => server.close(() => done()));
}
