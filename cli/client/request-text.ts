import { jsonWithin } from "../../protocol/depth.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { overLimit, toRpcError } from "../../protocol/refusals.ts";
import { refused } from "./failures.ts";

/**
 * A request or a frame as it is sent. What the server would refuse as a whole is refused here: over a session nobody could tell which call
 * that refusal is of, and its caller would wait for ever.
 * @throws CliError with the limit that it is over: `json_depth` or `body_bytes`
 */
export function requestText(request: object): string {
  const { json_depth, body_bytes } = LIMITS;
  const text = jsonWithin(request, json_depth.value);
  if (text === undefined) throw refused(toRpcError(overLimit("json_depth", json_depth.value, json_depth.unit, "more")));
  const size = Buffer.byteLength(text);
  if (size > body_bytes.value) throw refused(toRpcError(overLimit("body_bytes", body_bytes.value, body_bytes.unit, size)));
  return text;
}
