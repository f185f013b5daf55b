import type { z } from "zod";
import { isDeeper } from "../../protocol/depth.ts";
import {
  BULLETIN_METHODS,
  LIMITS,
  type LimitName,
  METHODS,
  type MethodName,
  overLimit,
  type Params,
  type Refusal,
  type RpcId,
  refuse,
  snakeName,
  snakeParams,
} from "../../protocol/index.ts";
import { Plan } from "./plan.ts";
import { answer, type Outcome, refused } from "./turn.ts";

/** One call of a request: what to run and, unless it is a notification, under which id to answer. */
export interface Call {
  readonly id: RpcId;
  /** A notification (JSON-RPC §4.1): run, never answered, whatever comes of it. */
  readonly silent: boolean;
  readonly method: string;
  readonly params: Record<string, unknown>;
  /** Set where the call is part of a plan (see commands/plan.ts). */
  plan?: Plan;
}

export type ParsedCall = Call | { readonly id: RpcId; readonly refusal: Refusal };

/** The calls in a body or frame, or the refusal of the whole (JSON-RPC §6). */
export function parseBody(text: string): Outcome<{ calls: ParsedCall[]; batch: boolean }> {
  const { value: deepest, unit: levels } = LIMITS.json_depth;
  if (isDeeper(text, deepest)) return refused(overLimit("json_depth", deepest, levels, "more"));
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    return refused(refuse("parse_error", `not JSON: ${(error as Error).message}`));
  }
  if (!Array.isArray(body)) return answer({ calls: [parseCall(body)], batch: false });
  if (body.length === 0) return refused(refuse("invalid_request", "a batch has at least one call"));
  const { value, unit } = LIMITS.batch_calls;
  if (body.length > value) return refused(overLimit("batch_calls", value, unit, body.length));
  const calls = body.map(parseCall);
  for (const [call, plan] of Plan.of(calls.filter((call): call is Call => "method" in call))) call.plan = plan;
  return answer({ calls, batch: true });
}

function parseCall(value: unknown): ParsedCall {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { id: null, refusal: badCall("a call is an object") };
  const { jsonrpc, id, method, params } = value as Record<string, unknown>;
  const known =
    id === undefined || id === null || (typeof id === "number" && Number.isFinite(id)) || (typeof id === "string" && id.length <= 256);
  const answerTo = known ? ((id as RpcId | undefined) ?? null) : null;
  if (!known) return { id: null, refusal: badCall("`id` is a string of at most 256 characters, a number or null") };
  // the bulletin's server did not ask for `jsonrpc`, and answered such calls even without an id
  if (jsonrpc !== undefined && jsonrpc !== "2.0") return { id: answerTo, refusal: badCall('`jsonrpc` is "2.0"') };
  if (typeof method !== "string" || method === "") return { id: answerTo, refusal: badCall("`method` is missing") };
  if (params !== undefined && params !== null && (typeof params !== "object" || Array.isArray(params))) {
    return { id: answerTo, refusal: refuse("invalid_params", "parameters are given by name, in an object") };
  }
  return { id: answerTo, silent: id === undefined && jsonrpc === "2.0", method, params: (params ?? {}) as Record<string, unknown> };
}

function badCall(message: string): Refusal {
  return refuse("invalid_request", `not a JSON-RPC 2.0 call: ${message}`);
}

/** The method's parameters with defaults and clamps applied, or the refusal that names the field. */
export function parseParams<M extends MethodName>(method: M, given: Record<string, unknown>): Outcome<Params<M>> {
  const twice = Object.keys(given).find((name) => {
    const snake = snakeName(name);
    return snake !== name && snake in given;
  });
  if (twice)
    return refused(
      refuse("invalid_params", `${twice} is given twice, in camelCase and in snake_case`, {
        method,
        issues: [{ path: twice, message: "give one of the two" }],
      }),
    );
  const parsed = METHODS[method].params.safeParse(withoutNulls(method, snakeParams(given)));
  return parsed.success ? answer(parsed.data as Params<M>) : refused(paramsRefusal(method, parsed.error, given));
}

function withoutNulls(method: MethodName, params: Record<string, unknown>): Record<string, unknown> {
  if (!BULLETIN_METHODS.includes(method) || !Object.values(params).includes(null)) return params;
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== null));
}

/** What a schema found wrong, as a refusal that names the field. */
export function paramsRefusal(method: string, error: z.ZodError, given: Record<string, unknown>): Refusal {
  const issues = error.issues.flatMap(flatten).map((issue) => ({ path: issue.path.join("."), message: issue.message }));
  const over = issues.find((issue) => issue.message.startsWith("limit:"));
  if (over) {
    const name = over.message.slice("limit:".length) as LimitName;
    const { value, unit } = LIMITS[name];
    const refusal = overLimit(name, value, unit, sizeAt(snakeParams(given), over.path.split(".")));
    return { ...refusal, message: `${over.path}: ${refusal.message}` };
  }
  const first = issues[0]!;
  return refuse("invalid_params", `${method}: ${first.path ? `${first.path}: ` : ""}${first.message}`, { method, issues });
}

/** The length of what was given under a path; 0 where nothing is. */
function sizeAt(value: unknown, path: readonly string[]): number {
  const found = path.reduce<unknown>(
    (at, name) => (typeof at === "object" && at !== null ? (at as Record<string, unknown>)[name] : undefined),
    value,
  );
  return typeof found === "string" || Array.isArray(found) ? found.length : 0;
}

/** A union reports each branch's issues apart; the branch that got furthest is the one that was meant. */
function flatten(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
  const depth = (branch: readonly z.core.$ZodIssue[]) =>
    Math.max(...branch.map((inner) => inner.path.length + (inner.code === "invalid_type" ? 0 : 1)));
  const best = [...issue.errors].sort((a, b) => depth(b) - depth(a))[0]!;
  return best.flatMap((inner) => flatten({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** The size of a frame in bytes where it is over the limit. */
export function tooManyBytes(frame: string): number | undefined {
  const most = LIMITS.body_bytes.value;
  if (frame.length * 3 <= most) return undefined;
  const bytes = new TextEncoder().encode(frame).byteLength;
  return bytes > most ? bytes : undefined;
}

/** The refusal of a body or frame over the limit, in bytes. */
export function bodyTooLarge(bytes: number) {
  const { value, unit } = LIMITS.body_bytes;
  return overLimit("body_bytes", value, unit, bytes);
}
