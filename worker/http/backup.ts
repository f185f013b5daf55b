import { LIMITS, type Refusal, refuse, WorkspaceName } from "../../protocol/index.ts";
import type { Part } from "../backup/load.ts";
import { authorize } from "../core/authorize.ts";
import type { C } from "./context.ts";
import { bodyText } from "./guards.ts";
import { refusalResponse } from "./refusal.ts";

type Stub = ReturnType<C["env"]["WORKSPACE"]["getByName"]>;

/** Backing up shows everything, webhooks' credentials too, and restoring makes it: both are an admin's. */
function forbidden(c: C): Response | undefined {
  const refusal = authorize(c.get("principal"), "admin");
  return refusal && refusalResponse(refusal);
}

/** `GET /backup`, `GET /w/<workspace>/backup`: the whole workspace as JSON Lines, while everybody works on. */
export async function backup(c: C, stub: Stub): Promise<Response> {
  return forbidden(c) ?? ((await stub.backup()) as unknown as Response);
}

/** `POST /w/<workspace>/restore`: one part of a backup into an empty workspace. */
export async function restore(c: C, stub: Stub): Promise<Response> {
  const no = forbidden(c);
  if (no) return no;
  const body = await bodyText(c, ["application/json"], "restore_bytes");
  if ("refusal" in body) return refusalResponse(body.refusal);
  let part: unknown;
  try {
    part = JSON.parse(body.text);
  } catch (error) {
    return refusalResponse(refuse("parse_error", `not JSON: ${(error as Error).message}`));
  }
  if (!isPart(part)) return refusalResponse(refuse("invalid_request", "a part of a backup is {begin}, {table, columns, rows} or {end}"));
  const refusal = await stub.restore(body.text);
  return refusal === null ? c.json({ ok: true }) : refusalResponse(JSON.parse(refusal) as Refusal);
}

/** Whether it has a part's shape; whether the values are right the database says. */
function isPart(value: unknown): value is Part {
  const { begin, end, table, columns, rows } = record(value);
  if (begin !== undefined) return Number.isSafeInteger(record(begin).schema);
  if (end !== undefined) return Object.values(record(record(end).rows)).every(Number.isSafeInteger) && Object.hasOwn(record(end), "rows");
  const isNames = Array.isArray(columns) && columns.length > 0 && columns.every((name) => typeof name === "string");
  return (
    typeof table === "string" && isNames && Array.isArray(rows) && rows.every((row) => Array.isArray(row) && row.length === columns.length)
  );
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** `GET /verify?after=N`: one step of holding the log against the tables; `next` says how to go on. */
export async function verification(c: C, stub: Stub): Promise<Response> {
  const after = Number(c.req.query("after") ?? 0);
  if (!Number.isSafeInteger(after) || after < 0) {
    return refusalResponse(refuse("invalid_params", "after is not a task's number", { issues: [{ path: "after", message: "0 or more" }] }));
  }
  return c.json(await stub.verify(after));
}

/**
 * `GET /workspaces?id=…`: the names of the databases with these ids, as their files are named; ids that are none are left out,
 * and one that cannot be opened comes with `error`. `?name=…`: the other way round.
 */
export async function workspaces(c: C): Promise<Response> {
  const ids = c.req.queries("id") ?? [];
  const names = (c.req.queries("name") ?? []).filter((name) => WorkspaceName.safeParse(name).success);
  const known = names.map((name) => ({ id: c.env.WORKSPACE.idFromName(name).toString(), name }));
  const named = await Promise.all(
    ids.slice(0, LIMITS.batch_calls.value).map(async (id) => {
      let object: DurableObjectId;
      try {
        object = c.env.WORKSPACE.idFromString(id);
      } catch {
        return undefined; // not an id of this server's
      }
      try {
        return { id, name: await c.env.WORKSPACE.get(object).knownAs() };
      } catch (error) {
        return { id, name: "", error: (error as Error).message };
      }
    }),
  );
  return c.json({ workspaces: [...named.filter((one) => one !== undefined), ...known] });
}
