import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import { Refused, Unreachable } from "./failures.ts";
import { toToolError } from "./refusal.ts";

/**
 * Runs what answers a resource, a prompt or a completion. What a tool says with `isError` is a protocol error here: the host shows it to
 * its user, with what to do.
 */
export async function served<T>(report: (bug: unknown) => void, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof ProtocolError) throw thrown;
    const { message, remedy, ...data } = toToolError(thrown, report);
    const code =
      thrown instanceof Refused && thrown.refusal.code !== "internal" ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError;
    throw new ProtocolError(code, thrown instanceof Unreachable ? `${message}. ${remedy}` : message, { ...data, remedy });
  }
}
