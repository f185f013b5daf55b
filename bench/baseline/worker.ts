import { DurableObject } from "cloudflare:workers";

interface Env {
  readonly WORKSPACE: DurableObjectNamespace<Workspace>;
}

interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: Record<string, string>;
}

interface Job {
  readonly call: Call;
  readonly reply: (answer: object) => void;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS tasks (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, kind TEXT NOT NULL, priority TEXT NOT NULL, state TEXT NOT NULL,
  payload TEXT, claim_id TEXT, claimed_by TEXT, lease_until INTEGER, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS events (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, type TEXT NOT NULL, number INTEGER, agent_id TEXT, data TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'append-only'); END;
`;

/**
 * What coord is compared with: a bare Durable Object that does a claim's two writes, a guarded UPDATE … RETURNING and a line in an
 * append-only log, and nothing else. No index but the key's, no parsing beyond JSON, no leases, waits, agents or refusals. It takes
 * the same frames by the same transports and commits in groups: what came meanwhile is applied in one turn, each command in a
 * transaction of its own, and they share one flush to disk. What ends the "meanwhile" is a zero timer, as the design has it; in the
 * workspace `paced` it is the end of the flush before, which comes sooner, and makes it the harder thing to be compared with.
 */
export class Workspace extends DurableObject<Env> {
  #queue: Job[] = [];
  #scheduled = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(SCHEMA);
  }

  async request(body: string): Promise<string> {
    const parsed = JSON.parse(body) as Call | Call[];
    if (!Array.isArray(parsed)) return JSON.stringify(await this.#submit(parsed));
    return JSON.stringify(await Promise.all(parsed.map((call) => this.#submit(call))));
  }

  override async fetch(): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
    const parsed = JSON.parse(frame as string) as Call | Call[];
    const answer = Array.isArray(parsed) ? await Promise.all(parsed.map((call) => this.#submit(call))) : await this.#submit(parsed);
    socket.send(JSON.stringify(answer));
  }

  #submit(call: Call): Promise<object> {
    return new Promise((reply) => {
      this.#queue.push({ call, reply });
      if (this.#scheduled) return;
      this.#scheduled = true;
      if (this.ctx.id.name === "paced") void this.ctx.storage.sync().then(() => this.#run());
      else setTimeout(() => this.#run(), 0);
    });
  }

  #run(): void {
    this.#scheduled = false;
    const now = Date.now();
    for (const { call, reply } of this.#queue.splice(0)) {
      const row = this.ctx.storage.transactionSync(() =>
        call.method === "tasks/claim" ? this.#claim(call.params, now) : this.#post(call.params, now),
      );
      reply(
        row
          ? { jsonrpc: "2.0", id: call.id, result: row }
          : { jsonrpc: "2.0", id: call.id, error: { code: -32001, message: "already claimed" } },
      );
    }
  }

  #claim(params: Record<string, string>, now: number): Record<string, SqlStorageValue> | undefined {
    const sql = this.ctx.storage.sql;
    const row = sql
      .exec(
        `UPDATE tasks SET state = 'claimed', claim_id = ?, claimed_by = ?, lease_until = ?, updated_at = ?
         WHERE id = ? AND state = 'pending' RETURNING *`,
        crypto.randomUUID(),
        params.agent_id,
        now + 300_000,
        now,
        params.id,
      )
      .toArray()[0];
    if (!row) return undefined;
    sql.exec(
      "INSERT INTO events (at, type, number, agent_id, data) VALUES (?, 'task.claimed', ?, ?, ?)",
      now,
      row.number,
      params.agent_id,
      JSON.stringify({ task: row }),
    );
    return row;
  }

  #post(params: Record<string, string>, now: number): Record<string, SqlStorageValue> {
    const values = [crypto.randomUUID(), params.name, params.kind ?? "task", now, now];
    return this.ctx.storage.sql
      .exec(
        "INSERT INTO tasks (id, name, kind, priority, state, created_at, updated_at) VALUES (?, ?, ?, 'normal', 'pending', ?, ?) RETURNING *",
        ...values,
      )
      .one();
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const workspace = /^\/w\/([a-z]+)\//.exec(new URL(request.url).pathname)?.[1] ?? "default";
    const stub = env.WORKSPACE.getByName(workspace);
    if (request.headers.get("upgrade") === "websocket") return stub.fetch(request);
    return new Response(await stub.request(await request.text()), { headers: { "content-type": "application/json" } });
  },
};
