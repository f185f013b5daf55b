import { randomUUID } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";

interface Row {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  state: "pending" | "claimed" | "completed";
  claimed_by: string | null;
}

interface Held {
  readonly kind: string;
  readonly reply: (task: Row | null) => void;
}

export interface Bulletin extends AsyncDisposable {
  readonly url: string;
  /** Calls that came, by method. */
  readonly calls: Map<string, number>;
}

/**
 * A small bulletin of its own, made from the wire format alone: tasks in memory, JSON-RPC by HTTP, camelCase parameters, no sessions. Leaves
 * out `without`, as servers do that lack a method.
 */
export async function startBulletin(without: readonly string[] = []): Promise<Bulletin> {
  const rows = new Map<string, Row>();
  const held = new Set<Held>();
  const calls = new Map<string, number>();
  const conflict = { code: -32001, message: "conflict" };
  const claim = (row: Row | undefined, agent: unknown) => {
    if (row?.state !== "pending") return { error: conflict };
    Object.assign(row, { state: "claimed", claimed_by: agent });
    return { result: row };
  };
  type Params = Record<string, unknown> & { filter?: { kind?: string } };
  const methods: Record<string, (params: Params) => { result?: unknown; error?: object } | Promise<{ result: unknown }>> = {
    "tasks/send": ({ name, kind = "task" }) => {
      if (typeof name !== "string") return { error: { code: -32602, message: "name" } };
      const row: Row = { id: randomUUID(), name, kind: String(kind), state: "pending", claimed_by: null };
      rows.set(row.id, row);
      for (const one of held) if (one.kind === row.kind) one.reply(row);
      return { result: row };
    },
    "tasks/claim": ({ id, agentId }) => claim(rows.get(String(id)), agentId),
    "tasks/next": ({ agentId, filter }) => {
      const row = [...rows.values()].find((one) => one.state === "pending" && (filter?.kind === undefined || one.kind === filter.kind));
      return row ? claim(row, agentId) : { result: null };
    },
    "tasks/complete": ({ id }) => {
      const row = rows.get(String(id));
      if (!row) return { error: conflict };
      row.state = "completed";
      return { result: { ok: true, ack: null } };
    },
    "tasks/list": ({ kind, state, limit = 50 }) => ({
      result: [...rows.values()].filter((row) => (!kind || row.kind === kind) && (!state || row.state === state)).slice(0, Number(limit)),
    }),
    "tasks/wait": ({ filter, wait_ms }) =>
      new Promise((resolve) => {
        const done = (task: Row | null) => {
          clearTimeout(limit);
          held.delete(waiting);
          resolve({ result: { task, cursor: 0, timed_out: task === null } });
        };
        const waiting: Held = { kind: filter?.kind ?? "task", reply: done };
        const limit = setTimeout(() => done(null), Number(wait_ms));
        const there = [...rows.values()].find((row) => row.kind === waiting.kind && row.state === "pending");
        if (there) done(there);
        else held.add(waiting);
      }),
  };
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      if (request.method !== "POST") return void response.writeHead(404).end();
      const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: Params };
      calls.set(method, (calls.get(method) ?? 0) + 1);
      const handler = without.includes(method) ? undefined : methods[method];
      void answer(response, id, handler ? handler(params) : { error: { code: -32601, message: "method not found" } });
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    calls,
    async [Symbol.asyncDispose]() {
      for (const one of [...held]) one.reply(null);
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function answer(response: ServerResponse, id: number, given: object | Promise<object>): Promise<void> {
  const text = JSON.stringify({ jsonrpc: "2.0", id, ...(await given) });
  response.writeHead(200, { "content-type": "application/json" }).end(text);
}
