import type { Target } from "./types.ts";

/** Where JSON-RPC requests of this workspace are posted. */
export function rpcUrl(target: Target): URL {
  return target.workspace === "default" ? new URL(target.url) : new URL(`w/${target.workspace}/`, target.url);
}

/** Where this workspace's session is opened: `ws:` or `wss:`, as the base URL is plain or not. */
export function sessionUrl(target: Target): URL {
  const url = new URL("session", rpcUrl(target));
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

export function authorization(target: Target): Record<string, string> {
  return target.token ? { authorization: `Bearer ${target.token}` } : {};
}
