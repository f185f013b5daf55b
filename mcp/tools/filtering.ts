import { refuse } from "../../protocol/refusals.ts";
import { taskRef } from "../arguments.ts";
import { Refused } from "../failures.ts";
import { ask, filter, mentions, type ToolCall, type ToolContext } from "./definition.ts";

const FULL_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The filter among a call's arguments, its ids made full ones; undefined where there is none. Refuses an id that names no task. */
export async function filterOf(call: ToolCall, context: ToolContext): Promise<Record<string, unknown> | undefined> {
  const given = Object.fromEntries(Object.entries(call.args).filter(([name]) => name in filter || name in mentions));
  for (const name of ["ids", "ignore_ids"]) {
    if (Array.isArray(given[name])) given[name] = await Promise.all(given[name].map((ref: unknown) => fullId(ref, call, context)));
  }
  if (Array.isArray(given.mentions)) given.mentions = given.mentions.map((handle: unknown) => (handle === "me" ? call.agent : handle));
  return Object.keys(given).length === 0 ? undefined : given;
}

/** Filters take full ids only, models write `#12` as everywhere else. */
async function fullId(ref: unknown, call: ToolCall, context: ToolContext): Promise<unknown> {
  const id = taskRef(ref);
  if (typeof id !== "string" || FULL_ID.test(id)) return id;
  const task = await ask(call, context, "tasks/get", { id });
  if (!task) throw new Refused(refuse("not_found", `no task ${id} in this workspace`, { id }));
  return task.id;
}
