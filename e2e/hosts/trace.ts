import { writeJson } from "./files.ts";
import type { Mind } from "./model/server.ts";

/** Writes one file an agent: what its model was shown anew at each request, and what it answered. */
export function writeTrace(folder: string, minds: ReadonlyMap<string, Mind>): void {
  for (const [name, { exchanges, requests }] of minds) {
    const first = exchanges[0];
    writeJson(folder, `${name}.json`, {
      requests,
      tools: first?.turn.tools.map((tool) => (tool.namespace ? `${tool.namespace}.${tool.name}` : tool.name)),
      told: first?.seen.told,
      exchanges: exchanges.map(({ at, turn, reply }) => ({
        at: new Date(at).toISOString(),
        latest: turn.latest,
        shown: turn.steps.at(-1)?.shown,
        reply,
      })),
    });
  }
}
