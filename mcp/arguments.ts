import { snakeParams } from "../protocol/spelling.ts";
import { badArgument } from "./failures.ts";
import { type Schema, type Tool, taskId, text } from "./tools/definition.ts";

/** Whom a call names as acting, if anybody; what is no string is refused by {@link prepare}. */
export function agentOf(given: Readonly<Record<string, unknown>>): string | undefined {
  const named = given.agentId ?? given.agent_id;
  return typeof named === "string" && named !== "" ? named : undefined;
}

/**
 * A call's arguments as its tool takes them: either spelling of a name, nulls left out, and what models are known to write
 * in place of the type asked for made into it; without `agent_id`, which {@link agentOf} reads. A name that the tool does not have is refused: it would be lost in silence.
 */
export function prepare(tool: Tool, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const schemas = new Map(Object.entries(tool.input).map(([name, schema]) => [snake(name), schema]));
  const args: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(flat(tool, snakeParams({ ...given })))) {
    // who acts may be said with every call, whether or not the tool's own list shows it
    const schema = name === "agent_id" ? text : schemas.get(name);
    if (!schema)
      throw badArgument(`${tool.name} has no argument ${JSON.stringify(name)}`, { argument: name, arguments: Object.keys(tool.input) });
    if (value === null || value === undefined) continue;
    const given = schema === taskId.id ? taskRef(value) : coerce(schema, value);
    if (schema === taskId.id && typeof given !== "string") throw badArgument(`${name} is a task's id or #number`, { argument: name });
    args[name] = name === "depends_on" && Array.isArray(given) ? given.map(taskRef) : given;
  }
  for (const name of tool.required ?? []) {
    if (args[snake(name)] === undefined)
      throw badArgument(`${tool.name} needs the argument ${name}`, { argument: name, arguments: Object.keys(tool.input) });
  }
  const { agent_id, ...rest } = args;
  if (agent_id !== undefined && typeof agent_id !== "string") throw badArgument("agentId is not a string", { argument: "agentId" });
  return rest;
}

/** The methods nest what these tools have flat; both are understood. */
function flat(tool: Tool, args: Record<string, unknown>): Record<string, unknown> {
  const { filter, ...rest } = args;
  if (filter === undefined || !("kind" in tool.input) || typeof filter !== "object" || filter === null) return args;
  return { ...filter, ...rest };
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `12`, `"12"` and `"#12"` all mean number 12, as on the command line: digits alone, up to seven, are a number and no id's beginning. */
export function taskRef(value: unknown): unknown {
  if (typeof value === "number") return `#${value}`;
  return typeof value === "string" && /^\d{1,7}$/.test(value) ? `#${value}` : value;
}

function coerce(schema: Schema, value: unknown): unknown {
  if (typeof value === "string" && schema.type !== "string") {
    const parsed = parse(value);
    if (schema.type === "array" && !Array.isArray(parsed)) return [value];
    return hasType(schema, parsed) ? parsed : value;
  }
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a plain string, which stays what it is
  }
}

function hasType(schema: Schema, value: unknown): boolean {
  if (schema.type === "array") return Array.isArray(value);
  if (schema.type === "object") return typeof value === "object" && value !== null;
  if (schema.type === "integer") return Number.isInteger(value);
  return typeof value === schema.type;
}
