import { finished, work } from "../stage.ts";
import type { Begin } from "./session.ts";

/** A run without a terminal: what wakes it does so at its turn's end, before it leaves. */
export const headless: Begin = async (agent, prompt, limitMs) => {
  const run = work(agent, prompt, limitMs, agent.host.trustHooks);
  const over = finished(run, agent.host.title).then(() => {});
  over.catch(() => {
    // Nobody may be listening any more: it was killed.
  });
  return { output: run.stdout, over, kill: run.kill };
};
