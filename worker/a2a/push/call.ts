import { webhookProblem } from "./address.ts";
import type { Delivery } from "./courier.ts";

/** A receiver that has not answered by then has failed, in milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * Calls a webhook. The address is looked at again: it may have been registered under other rules. A redirect is a failure, since it
 * could lead anywhere.
 * @returns what went wrong, as the end of "because …"; undefined where it answered 2xx
 */
export async function callWebhook({ url, headers, body }: Delivery, local: boolean): Promise<string | undefined> {
  const problem = webhookProblem(url, local);
  if (problem) return problem;
  try {
    const response = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal: AbortSignal.timeout(PATIENCE_MS) });
    await response.body?.cancel();
    if (response.ok) return undefined;
    return response.status >= 300 && response.status < 400 ? "it redirects, which is not followed" : `it answered ${response.status}`;
  } catch (error) {
    return (error as Error).name === "TimeoutError" ? `it did not answer within ${PATIENCE_MS / 1000} s` : "it could not be reached";
  }
}
