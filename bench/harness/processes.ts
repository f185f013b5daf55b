import { spawn } from "node:child_process";

/** A program that is stuck is ended after this long, in milliseconds. */
const LIMIT_MS = 60_000;

/** The environment of a `coord` that is measured: it speaks to this server and starts none. */
export function programEnv(url: string, workspace?: string): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined && !name.startsWith("COORD_")) env[name] = value;
  return {
    ...env,
    COORD_URL: url,
    ...(workspace === undefined ? {} : { COORD_WORKSPACE: workspace }),
    COORD_AUTOSTART: "0",
    NODE_OPTIONS: "",
  };
}

/** What one run of a program was. */
export interface Run {
  /** From its start to its end, in milliseconds. */
  readonly took: number;
  readonly stdout: string;
}

/** Runs a program with Node to its end. Throws where it does not exit with one of `codes`. */
export function run(node: string, args: readonly string[], env: NodeJS.ProcessEnv, codes: readonly number[] = [0]): Promise<Run> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { env, stdio: ["ignore", "pipe", "pipe"], timeout: LIMIT_MS, killSignal: "SIGKILL" });
    let stdout = "";
    let complaint = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint += text;
    });
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code !== null && codes.includes(code)) resolve({ took: performance.now() - began, stdout });
      else reject(new Error(`${args.join(" ")} ended with ${signal ?? code}: ${complaint}`));
    });
  });
}
