import { until } from "../../../tests/harness/server.ts";
import { start } from "../processes.ts";
import type { Begin } from "./session.ts";

const STARTS_MS = 60_000;

/** A session of `opencode serve`, begun over its HTTP API as its own screens begin theirs. */
export const served: Begin = async ({ host, program, rooms, env }, prompt, limitMs) => {
  const run = start({ command: program, args: ["serve", "--port", "0", "--hostname", "127.0.0.1"], cwd: rooms.project, env, limitMs });
  const address = (): string | undefined => /http:\/\/127\.0\.0\.1:\d+/.exec(run.stdout())?.[0];
  const over = run.ended.then(({ code, signal, stderr }) => {
    throw new Error(`${host.title} serve ended with ${signal ?? code}: ${stderr.slice(-500)}`);
  });
  over.catch(() => {
    // Nobody may be listening any more: it was killed.
  });
  try {
    await Promise.race([over, until(`${host.title} serve says its address`, () => address() !== undefined, STARTS_MS)]);
    const { id } = (await post(`${address()}/session`, {})) as { id: string };
    await post(`${address()}/session/${id}/prompt_async`, { parts: [{ type: "text", text: prompt }] });
    return { output: run.stdout, over, kill: run.kill, served: { url: address()!, id } };
  } catch (error) {
    run.kill();
    throw error;
  }
};

async function post(url: string, body: object): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(STARTS_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 300)}`);
  return text === "" ? undefined : JSON.parse(text);
}
