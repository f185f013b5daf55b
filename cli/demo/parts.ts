import { Actor } from "./actor.ts";
import type { Environment } from "./processes.ts";
import type { RacePart } from "./racer.ts";

/** What one process of the demo is to do; passed as JSON to the hidden `coord demo --part`. */
export type Part =
  | { readonly part: "fix"; readonly handle: string; readonly repository: string }
  | { readonly part: "ship"; readonly handle: string; readonly repository: string; readonly scratch: string }
  | RacePart;

/** Plays a part to its end. Its parent's death ends it: standard input closes. */
export async function play(part: Part): Promise<void> {
  if (part.part === "race") {
    const { race } = await import("./racer.ts");
    return race(part, process.stdin, (line) => process.stdout.write(line));
  }
  process.stdin.once("end", endWithChildren).resume();
  const environment = { ...process.env } as Environment;
  const actor = new Actor({
    handle: part.handle,
    program: [process.execPath, process.argv[1]!],
    environment,
    write: (line) => process.stdout.write(line),
  });
  try {
    if (part.part === "fix") {
      const { fix } = await import("./fixer.ts");
      actor.finish({ ...(await fix(actor, part.repository)) });
    } else {
      const { ship } = await import("./shipper.ts");
      actor.finish({ ...(await ship(actor, part.repository, part.scratch)) });
    }
  } finally {
    // Open, it would keep this process from ending.
    process.stdin.destroy();
  }
}

/** The director is gone: this process and the command that it runs go with it. It leads a process group of its own for that. */
function endWithChildren(): void {
  if (process.platform === "win32") process.exit(1);
  process.kill(-process.pid, "SIGKILL");
}
