import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Kind } from "./kind.ts";

/** Evictions on purpose need the runtime's own test pool: this runs the property that lives there, with this run's seed. */
export const evictions: Kind = {
  promise: "an object that is evicted while claims, waits and batches are in flight goes on as if nothing had been",
  share: 0,
  run: ({ seed, say }) =>
    new Promise((resolve) => {
      const root = join(import.meta.dirname, "../..");
      const args = [join(root, "node_modules/vitest/vitest.mjs"), "run", "--project", "object", "worker/evictions.test.ts"];
      const child = spawn(process.execPath, args, {
        cwd: root,
        env: { ...process.env, COORD_SEED: String(seed), NO_COLOR: "1" },
        timeout: 300_000,
        killSignal: "SIGKILL",
      });
      let text = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (part) => {
          text += part;
        });
      }
      child.once("close", (code) => {
        const passed = Number(/Tests .*?(\d+) passed/.exec(text)?.[1] ?? 0);
        say(`${passed} properties`);
        resolve({ counts: { "properties in the pool": passed }, findings: code === 0 ? [] : [text.slice(-4_000)] });
      });
    }),
};
