import { Agent, request } from "node:http";
import { connect } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import { LIMITS } from "../../protocol/index.ts";
import { rpc } from "../harness/http.ts";
import { isRunning, startServer, type TestServer, until } from "../harness/server.ts";
import { noBug } from "./judge.ts";
import type { Known } from "./schemas.ts";

/** What is sent over one HTTP connection by a client that keeps to HTTP, if to nothing else. */
export interface Request {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** In pieces of so many bytes, its length untold. */
  readonly chunk?: number;
  /** Goes away after so long without an answer, in milliseconds. */
  readonly patience_ms?: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** An answer in a workspace that is fuzzed takes no longer, in milliseconds. */
const ANSWER_MS = 20_000;

/** `coord serve`, with a board that has something of everything, and what must hold of it whatever it is sent. */
export class Target implements AsyncDisposable {
  readonly server: TestServer;
  readonly known: Known;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });
  #seen = 0;

  private constructor(server: TestServer, known: Known) {
    this.server = server;
    this.known = known;
  }

  static async start(): Promise<Target> {
    const server = await startServer();
    return new Target(server, await board(server.url));
  }

  /** The answer, or undefined where there is none to be had: patience came to its end first, or the body was too long to be read. */
  ask({ path, method = "POST", headers = {}, body, chunk, patience_ms }: Request): Promise<Reply | undefined> {
    return new Promise((resolve, reject) => {
      const length = body === undefined || chunk !== undefined ? {} : { "content-length": String(body.length) };
      const asked = request(
        { host: "127.0.0.1", port: this.server.port, path, method, agent: this.#agent, headers: { ...length, ...headers } },
        (response) => {
          const parts: Buffer[] = [];
          response.on("data", (part: Buffer) => parts.push(part));
          response.once("error", failed);
          response.once("end", () => {
            clearTimeout(timer);
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(parts).toString() });
          });
        },
      );
      let left = false;
      const timer = setTimeout(() => {
        left = true;
        asked.destroy();
        if (patience_ms === undefined) reject(new Error(`no answer within ${ANSWER_MS} ms`));
        else resolve(undefined);
      }, patience_ms ?? ANSWER_MS);
      const failed = (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        // a body over the limit is refused before it is read to its end, and its sender may meet the closed connection first
        const isCutOff = ["EPIPE", "ECONNRESET"].includes(error.code ?? "") && (body?.length ?? 0) > LIMITS.body_bytes.value;
        if (isCutOff) resolve(undefined);
        else if (!left) reject(error);
      };
      asked.once("error", failed);
      if (body === undefined || chunk === undefined) asked.end(body);
      else {
        for (let at = 0; at < body.length; at += chunk) asked.write(body.subarray(at, at + chunk));
        asked.end();
      }
    });
  }

  /** Sends bytes over a connection of their own and reads until the server ends it, or is silent for so long, in milliseconds. */
  raw(parts: readonly Uint8Array[], silence_ms: number): Promise<Buffer> {
    return new Promise((resolve) => {
      const received: Buffer[] = [];
      const socket = connect({ port: this.server.port, host: "127.0.0.1" });
      const done = () => {
        socket.destroy();
        resolve(Buffer.concat(received));
      };
      socket.setTimeout(silence_ms, done);
      socket.on("data", (part) => received.push(part));
      // a reset by the server is its right; that it lives is looked at elsewhere
      socket.on("error", done);
      socket.once("close", done);
      socket.once("connect", () => {
        for (const part of parts) socket.write(part);
      });
    });
  }

  /** That the server's log has told of no bug since it was last looked at. */
  quiet(): void {
    const log = this.server.stderr();
    const news = log.slice(this.#seen);
    this.#seen = log.length;
    noBug(news, "the server's log");
    expect(news.includes("exit") || news.includes("crash") ? news : "", "the server's log").toBe("");
  }

  /** That nothing came of it all: the same processes run, each board is whole and answers, and nobody is waited for. */
  async isWhole(workspaces: readonly string[] = ["default"]): Promise<void> {
    for (const workspace of workspaces) {
      const base = `${this.server.url}w/${workspace}/`;
      const open = async () => {
        const { waiters, sessions } = (await rpc(base, "workspace/info", {})) as { waiters: number; sessions: number };
        return { waiters, sessions };
      };
      const nobody = { waiters: 0, sessions: 0 };
      // whoever left is forgotten when that is noticed: a held answer is written to twice a second; of a socket that breaks off in the
      // handshake the runtime never tells, and its session is over after a minute without a word
      await until("nobody is waited for", async () => isDeepStrictEqual(await open(), nobody), 70_000).catch(() => {});
      expect(await open(), `open on ${workspace}`).toEqual(nobody);
      const { id } = (await rpc(base, "tasks/send", { name: "still here" })) as { id: string };
      expect(await rpc(base, "tasks/get", { id })).toMatchObject({ name: "still here" });
      for (let after: number | null = 0; after !== null; ) {
        const verified = (await (await fetch(`${base}verify?after=${after}`)).json()) as { problems: unknown[]; next: number | null };
        expect(verified.problems, workspace).toEqual([]);
        after = verified.next;
      }
    }
    expect(await (await fetch(`${this.server.url}readyz`)).json()).toMatchObject({ ok: true });
    expect(isRunning(this.server.workerdPid), "workerd is the one that was started").toBe(true);
    expect(this.server.child.exitCode).toBe(null);
    this.quiet();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await this.server.stop();
  }
}

/** So many jobs of each kind: a call that ends one for ever leaves others. */
const OF_EACH = 12;

/** A board with jobs in every state, and what of it calls can name. */
async function board(url: string): Promise<Known> {
  const calls = async (all: readonly (readonly [method: string, params: object])[]) => {
    const body = JSON.stringify(all.map(([method, params], id) => ({ jsonrpc: "2.0", id, method, params })));
    const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    return (await response.json()) as { result: never }[];
  };
  const handles = ["ada", "bob", "pat"];
  const claims: string[] = [];
  const [ids, notes, reviews]: [string[], string[], string[]] = [[], [], []];
  await calls([["tasks/send", { name: "v1 stable", kind: "ack" }]]);
  for (let round = 0; round < OF_EACH; round += 1) {
    const agent_id = handles[round % 3]!;
    const first = 2 + round * 8;
    const job = (name: string, more: object = {}) => ["tasks/send", { name, labels: ["ui"], agent_id, ...more }] as const;
    const posted = await calls([
      ...[job("free", { kind: "bug" }), job("claimed"), job("in review", { review: "required" }), job("failed")],
      ...[job("staged", { state: "backlog" }), job("held", { depends_on: [`#${first}`] }), job("a person's", { performer: "user" })],
      job("sent back", { review: "required", payload: { deep: [round] } }),
    ]);
    ids.push(...posted.map(({ result: { id } }) => id as string));
    for (const at of [1, 2, 3, 7]) {
      const claim = ["tasks/claim", { id: `#${first + at}`, agent_id, lease_seconds: 3600 }] as const;
      const [{ result }] = (await calls([claim])) as unknown as [{ result: { claim: { claim_id: string } } }];
      claims.push(result.claim.claim_id);
    }
    const told = await calls([
      ["tasks/complete", { id: `#${first + 2}`, agent_id }],
      ["tasks/complete", { id: `#${first + 7}`, agent_id }],
      ["tasks/fail", { id: `#${first + 3}`, agent_id, reason: "no key" }],
      ["tasks/review", { id: `#${first + 7}`, agent_id: "zoe", decision: "request_changes", body: "no" }],
      ["notes/add", { id: `#${first}`, agent_id, body: "see @bob" }],
      ["tasks/history", { id: `#${first + 7}` }],
    ]);
    notes.push((told[4] as unknown as { result: { note_id: string } }).result.note_id);
    const { reviews: all } = (told[5] as unknown as { result: { reviews: { review_id: string }[] } }).result;
    reviews.push(...all.map(({ review_id }) => review_id));
  }
  const refs = [...ids.map((_, at) => `#${at + 2}`), 8, ids[0]!, ids[1]!.toUpperCase(), ids[8]!.slice(0, 8), "#1", "#200"];
  return {
    id: [...refs, ...handles],
    on: refs,
    depends_on: refs,
    agent_id: handles,
    assignee: [...handles, null],
    claimed_by: handles,
    created_by: handles,
    claim_id: claims,
    note_id: notes,
    review_id: reviews,
    ids: ids.slice(0, 5),
    ignore_ids: ids.slice(0, 5),
    state: ["pending", "backlog", "ready", "any", "done", "claimed", "review", "idea", "failed"],
    kind: ["task", "bug", "ack", "decision"],
    idempotency_key: refs,
    after: [0, 1, 5, 10],
    timeout_ms: [0, 1, 60_000],
    wait_ms: [0, 0, 1, 60_000],
    subscription: [1, 2, 3],
  };
}
