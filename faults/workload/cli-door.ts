import { spawn } from "node:child_process";
import { EXIT } from "../../protocol/refusals.ts";
import type { Door, Told } from "./door.ts";
import { refusalOf } from "./session-door.ts";

/** How a method is said on the command line. */
const COMMANDS: Readonly<Record<string, (p: Record<string, unknown>) => string[]>> = {
  "tasks/send": (p) => [
    "send",
    `${p.name}`,
    "--as",
    `${p.agent_id}`,
    ...(p.kind ? ["--kind", `${p.kind}`] : []),
    ...(p.review ? ["--review", `${p.review}`] : []),
  ],
  "tasks/get": (p) => ["get", `${p.id}`],
  "tasks/claim": (p) => ["claim", `${p.id}`, "--as", `${p.agent_id}`, "--lease", `${p.lease_seconds}`],
  "tasks/next": (p) => ["next", "--as", `${p.agent_id}`, "--lease", `${p.lease_seconds}`],
  "tasks/extend": (p) => ["extend", `${p.id}`, ...held(p), "--lease", `${p.lease_seconds}`],
  "tasks/complete": (p) => ["complete", `${p.id}`, ...held(p), "--result", JSON.stringify(p.result)],
  "tasks/release": (p) => ["release", `${p.id}`, ...held(p), "--reason", `${p.reason}`],
  "tasks/fail": (p) => ["fail", `${p.id}`, ...held(p), "--reason", `${p.reason}`],
  "tasks/wait": (p) => [
    "wait",
    "--kind",
    `${(p.filter as { kind: string }).kind}`,
    "--after",
    `${p.after}`,
    "--timeout",
    `${Math.ceil(Number(p.timeout_ms) / 1000)}`,
  ],
};

function held({ claim_id, agent_id }: Record<string, unknown>): string[] {
  return [...(claim_id === undefined ? [] : ["--claim-id", `${claim_id}`]), ...(agent_id === undefined ? [] : ["--as", `${agent_id}`])];
}

/** An agent that runs `coord` for each call. */
export function cliDoor(program: string, url: string): Door {
  return {
    methods: Object.keys(COMMANDS),
    call: (method, params) => run(program, [...COMMANDS[method]!(params), "--json", "--url", url], method),
    async close() {},
  };
}

function run(program: string, args: readonly string[], method: string): Promise<Told> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 40_000,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (part) => {
      stdout += part;
    });
    child.stderr.on("data", (part) => {
      stderr += part;
    });
    child.once("error", () => resolve("lost"));
    child.once("close", (code) => resolve(meaning(method, code, stdout, stderr)));
  });
}

function meaning(method: string, code: number | null, stdout: string, stderr: string): Told {
  try {
    if (code === 0 || (code === 2 && stdout !== "")) {
      const ok = JSON.parse(stdout) as Record<string, unknown> | null;
      // the command leaves out what a time-out does not have
      return { ok: method === "tasks/wait" && ok ? { task: null, timed_out: false, ...ok } : ok };
    }
    if (code === null || code === EXIT.unreachable) return "lost";
    const { error } = JSON.parse(stderr) as { error: { message: string; code: string } & Record<string, unknown> };
    if (method === "tasks/get" && error.code === "not_found") return { ok: null };
    return refusalOf({ message: error.message, data: error });
  } catch {
    // killed in the middle of what it printed
    return "lost";
  }
}
