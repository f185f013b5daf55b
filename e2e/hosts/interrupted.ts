import { endAll } from "./processes.ts";
import type { Stage } from "./stage.ts";

/** Ends everything in order when this program is interrupted; the scratch folder goes with the exit. */
export function endOnSignal(stage: Stage): void {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.once(signal, () => {
      endAll();
      void Promise.resolve(stage[Symbol.asyncDispose]()).finally(() => {
        endAll(); // what a scenario began meanwhile
        process.exit(code);
      });
    });
  }
}
