import type { Refused } from "../history/operation.ts";

export type Told = { readonly ok: unknown } | { readonly no: Refused } | "lost";

/** A way to the board. Each is what some user of coord has: plain HTTP, coord's own session client, its commands, its MCP bridge. */
export interface Door {
  /** Asks until there is an answer, or until it is certain that there will be none. Mutations bear repeating: they carry a key. */
  call(method: string, params: Record<string, unknown>): Promise<Told>;
  /** Methods that this way has. */
  readonly methods: readonly string[];
  close(): Promise<void>;
}

export const ALL_METHODS = [
  ...["tasks/send", "tasks/get", "tasks/claim", "tasks/next", "tasks/extend", "tasks/release", "tasks/fail"],
  ...["tasks/complete", "tasks/retry", "tasks/cancel", "tasks/update", "tasks/review", "tasks/wait"],
];

/** How long a door asks again and again before it gives up, in milliseconds. */
export const PATIENCE_MS = 12_000;

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
