import { isDeeper } from "../../protocol/depth.ts";
import { LIMITS, overLimit, type Refusal, refuse } from "../../protocol/index.ts";
import { authorize } from "../core/authorize.ts";
import type { C } from "./context.ts";
import { bodyText } from "./guards.ts";
import { refusalResponse } from "./refusal.ts";

type Stub = ReturnType<C["env"]["WORKSPACE"]["getByName"]>;

/**
 * `POST /w/<workspace>/import`: tasks from elsewhere, created together or not at all (see protocol/import.ts). An admin's: it is the one
 * way by which a job is there finished without having been worked on here.
 */
export async function importing(c: C, stub: Stub): Promise<Response> {
  const forbidden = authorize(c.get("principal"), "admin");
  if (forbidden) return refusalResponse(forbidden);
  const body = await bodyText(c, ["application/json"], "import_bytes");
  if ("refusal" in body) return refusalResponse(body.refusal);
  const { value: deepest, unit } = LIMITS.json_depth;
  if (isDeeper(body.text, deepest)) return refusalResponse(overLimit("json_depth", deepest, unit, "more"));
  try {
    JSON.parse(body.text);
  } catch (error) {
    return refusalResponse(refuse("parse_error", `not JSON: ${(error as Error).message}`));
  }
  const outcome = JSON.parse(await stub.import(body.text, c.get("principal"))) as
    | { ok: true; value: Record<string, unknown> }
    | { ok: false; refusal: Refusal };
  return outcome.ok ? c.json(outcome.value) : refusalResponse(outcome.refusal);
}
