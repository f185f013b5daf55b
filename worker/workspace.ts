import { DurableObject } from "cloudflare:workers";
import {
  DEFAULT_LEASE_SECONDS,
  ImportRequest,
  LIMITS,
  overLimit,
  type Principal,
  refuse,
  SESSION_PING,
  SESSION_PONG,
} from "../protocol/index.ts";
import type { A2ACommand } from "./a2a/board/commands.ts";
import { callWebhook } from "./a2a/push/call.ts";
import { dump, streamOf } from "./backup/dump.ts";
import { load, type Part } from "./backup/load.ts";
import { type Verified, verify } from "./backup/verify.ts";
import { OWNER } from "./core/authorize.ts";
import { migrate } from "./core/migrations.ts";
import { paramsRefusal } from "./core/parse.ts";
import { sqlOver } from "./core/sql.ts";
import { Engine } from "./engine.ts";
import type { Env } from "./env.ts";
import type { Answered } from "./http/held.ts";
import { refusalResponse } from "./http/refusal.ts";
import type { Waiting } from "./job.ts";
import { commandLog, logFailure } from "./log.ts";
import { type Measured, metricsOf } from "./metrics.ts";

/** An answer from this length on is streamed between the object and the worker. */
const LONG_CHARS = 4 * 1024 * 1024;

/** Kept from a restore's first part to its last, so that a board that people work on takes none in between. */
const RESTORING = "restoring";

/** Header by which the worker tells the object who is calling; the worker removes it from what comes from outside. */
export const PRINCIPAL_HEADER = "x-coord-principal";

/**
 * One workspace: one object, one thread, one SQLite file. This class is the shell: it knows the platform, `Engine` knows coord.
 * It may be evicted at any moment and built anew: what must survive is in SQLite, in the sockets' attachments, or in the alarm.
 */
export class Workspace extends DurableObject<Env> {
  readonly #engine: Promise<Engine>;
  #ready: Engine | undefined;
  /** An object that was found by its id does not know its name: the database does. */
  #name = "";
  #schema = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#engine = ctx.blockConcurrencyWhile(async () => {
      const sql = sqlOver(ctx.storage.sql);
      const schema = migrate(sql, (body) => ctx.storage.transactionSync(body), Date.now());
      this.#schema = schema;
      const { name } = ctx.id;
      if (name !== undefined) sql.run("INSERT OR IGNORE INTO workspace (name) VALUES (?)", name);
      this.#name = name ?? sql.first<{ name: string }>("SELECT name FROM workspace")?.name ?? "";
      const engine = new Engine(
        {
          sql,
          transaction: (body) => ctx.storage.transactionSync(body),
          clock: () => Date.now(),
          gather: (waiting, callback) => void gathered(ctx.storage, waiting).then(callback),
          after: (ms, callback) => {
            const timer = setTimeout(callback, ms);
            return () => clearTimeout(timer);
          },
          setAlarm: (at) => void ctx.storage.setAlarm(at),
          hasPinged: (socket) => ctx.getWebSocketAutoResponseTimestamp(socket as WebSocket) !== null,
          deliver: (delivery) => callWebhook(delivery, env.COORD_LOCAL === "1"),
          report: (error, method) => logFailure(error, { workspace: this.#name, method }),
          still: env.COORD_STILL === "1",
          note: commandLog(env, this.#name),
          metrics: metricsOf(this.#name),
          workspace: this.#name,
          schema,
          defaultLeaseSeconds: defaultLease(env),
        },
        await ctx.storage.getAlarm(),
      );
      ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(SESSION_PING, SESSION_PONG));
      engine.sessions.restore(ctx.getWebSockets());
      this.#ready = engine;
      return engine;
    });
    // a database that a newer coord wrote: every call is told so, by `engine()`
    this.#engine.catch(() => {});
  }

  /**
   * A JSON-RPC body; null where nothing is to be answered. `requestId` names it for `forget`. A long answer comes as a response, whose
   * body is streamed: a value may cross between worker and object only up to 32 MiB. An answer that hands a job over says so.
   */
  async request(body: string, principal: Principal, requestId: string): Promise<Answered> {
    const engine = await this.#engine;
    const text = await engine.request(body, principal, requestId);
    if (text !== null && text.length > LONG_CHARS) return new Response(text);
    return text !== null && engine.hasHandedOver(requestId) ? { handedOver: text } : text;
  }

  /** One A2A command: parameters and outcome as JSON, see a2a/board/commands.ts. */
  async a2a(name: A2ACommand, params: string, principal: Principal): Promise<string> {
    return JSON.stringify(await (await this.#engine).a2a(name, JSON.parse(params), principal));
  }

  /** The client of that request went away. */
  async forget(requestId: string): Promise<void> {
    (await this.#engine).forget(requestId);
  }

  /** As `forget`, before the answer was written: nobody has heard of a job that it hands over. */
  async takeBack(requestId: string): Promise<void> {
    await (await this.#engine).takeBack(requestId);
  }

  /** What this workspace did since the process started, and what is open now. */
  async metrics(): Promise<Measured> {
    const engine = await this.#engine;
    const { sql } = this.ctx.storage;
    const { head } = sql.exec<{ head: number }>("SELECT coalesce(max(seq), 0) AS head FROM events").one();
    return metricsOf(this.#name).read({ ...engine.gauges(), database_bytes: sql.databaseSize, head });
  }

  /** The workspace as it is at the end of the stream, as lines of JSON (see backup/dump.ts). */
  async backup(): Promise<Response> {
    await this.#engine;
    return new Response(streamOf(dump(this.ctx.storage.sql, this.#name, Date.now())), { headers: { "content-type": "application/jsonl" } });
  }

  /** Takes one part of a backup, as JSON, where there is nothing yet. @returns the refusal as JSON, or null */
  async restore(text: string): Promise<string | null> {
    const engine = await this.#engine;
    const part = JSON.parse(text) as Part;
    const sql = sqlOver(this.ctx.storage.sql);
    try {
      const begun = (await this.ctx.storage.get<boolean>(RESTORING)) === true;
      const outcome = this.ctx.storage.transactionSync(() => load(sql, part, begun));
      if (outcome.ok && !begun && !("end" in part)) await this.ctx.storage.put(RESTORING, true);
      if (outcome.ok && "end" in part) {
        await this.ctx.storage.delete(RESTORING);
        engine.restored();
      }
      return outcome.ok ? null : JSON.stringify(outcome.refusal);
    } catch (error) {
      // the schema refused a row: the backup is damaged, or was made by hand
      return JSON.stringify(refuse("invalid_request", `this backup cannot be restored: ${(error as Error).message}`));
    }
  }

  /** Tasks from elsewhere; `text` is an `ImportRequest` as JSON. @returns the outcome as JSON */
  async import(text: string, principal: Principal): Promise<string> {
    const engine = await this.#engine;
    const given = JSON.parse(text) as Record<string, unknown>;
    const parsed = ImportRequest.safeParse(given);
    if (!parsed.success) return JSON.stringify({ ok: false, refusal: paramsRefusal("import", parsed.error, given ?? {}) });
    return JSON.stringify(await engine.import(parsed.data, principal));
  }

  /** One step of holding the log against the tables. */
  async verify(after: number): Promise<Verified & { readonly schema: number }> {
    await this.#engine;
    return { ...verify(sqlOver(this.ctx.storage.sql), after), schema: this.#schema };
  }

  /** Under which name it was called first; empty in a database from before names were kept, until it is called by name. */
  async knownAs(): Promise<string> {
    await this.#engine;
    return this.#name;
  }

  /** Whether the database is open and writable enough to be asked. */
  async ready(): Promise<boolean> {
    await this.#engine;
    return this.ctx.storage.sql.exec("SELECT 1 AS one").one().one === 1;
  }

  /** The server is about to stop: sessions are told to come back later, and held requests get the answer that their time is up. */
  async bye(reason: string): Promise<number> {
    return (await this.#engine).bye(reason);
  }

  /** `GET /session`: the one thing that is fetched, since only a fetch upgrades. */
  override async fetch(request: Request): Promise<Response> {
    const engine = await this.#engine;
    const { value, unit } = LIMITS.sessions;
    engine.sessions.endUnheard(Date.now());
    if (engine.sessions.size >= value) return refusalResponse(overLimit("sessions", value, unit, engine.sessions.size + 1));
    const given = request.headers.get(PRINCIPAL_HEADER);
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    engine.sessions.open(server, given ? (JSON.parse(given) as Principal) : OWNER);
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
    const engine = this.#ready ?? (await this.#engine);
    await engine.sessions.message(socket, frame, (job) => engine.submit(job));
  }

  /**
   * The close is answered by hand: whatever the compatibility date says, workerd leaves a hibernatable socket's close unanswered
   * until the object is evicted, and neither the client nor SIGTERM gets anywhere meanwhile.
   */
  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    (await this.#engine).sessions.close(socket);
    try {
      // 1005, 1006 and 1015 stand for what happened and cannot be sent, nor can what is no code at all (RFC 6455 §7.4)
      const sendable = code >= 1000 && code <= 4999 && ![1005, 1006, 1015].includes(code);
      socket.close(sendable ? code : 1000, sendable ? reason : "");
    } catch {
      // the other end is gone already
    }
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    (await this.#engine).sessions.close(socket);
  }

  override async alarm(): Promise<void> {
    (await this.#engine).alarm();
  }
}

/** Passes without a new command that end a group: of two frames on one socket, the second comes two passes after the first. */
const PASSES = 2;

/** So many commands wait for no more, so that a flood delays nobody's answer. */
const MOST_GATHERED = 200;

/** So many commands by HTTP are a crowd. */
const CROWD = 16;

/**
 * Resolves when no more commands arrive. A pass of the runtime's loop is measured by `sync`, which also waits for a flush that is
 * under way; a zero timer would take a millisecond, which is what a whole call takes otherwise. A crowd has the millisecond: the runtime
 * finishes responses when its loop runs dry, which passes keep it from, and some would wait while others come and go.
 */
async function gathered(storage: DurableObjectStorage, waiting: () => Waiting): Promise<void> {
  for (let seen = 0, now = waiting(); now.all > seen && seen < MOST_GATHERED; now = waiting()) {
    seen = now.all;
    if (now.byHttp > CROWD) return new Promise((resolve) => setTimeout(resolve, 0));
    // a flush that fails ends the object, and with it what waits here
    for (let pass = 0; pass < PASSES; pass += 1) await storage.sync().catch(() => {});
  }
}

function defaultLease(env: Env): number {
  const given = Number(env.COORD_DEFAULT_LEASE ?? Number.NaN);
  if (!Number.isFinite(given)) return DEFAULT_LEASE_SECONDS;
  return Math.min(LIMITS.lease_max_seconds.value, Math.max(LIMITS.lease_min_seconds.value, Math.trunc(given)));
}
