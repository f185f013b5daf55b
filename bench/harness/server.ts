import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { prepareFolder } from "../../cli/server/folder.ts";
import { findWorkerd } from "../../cli/server/installation.ts";
import { writeConfig } from "../../cli/server/worker-config.ts";
import { spawnWorkerd } from "../../cli/server/workerd.ts";

export interface BenchServer extends AsyncDisposable {
  readonly name: string;
  /** With a trailing slash. */
  readonly url: string;
  /** workerd itself. */
  readonly pid: number;
  /** Where its data are. */
  readonly folder: string;
}

/**
 * Serves a worker by workerd, configured as `coord serve` does it, from a temporary folder that goes with it. A benchmark that is
 * killed leaves no workerd behind, only the folder.
 * @param module the worker as one JavaScript file that exports a `Workspace`
 * @param kept a folder to serve that stays when the server goes
 */
export async function startServer(name: string, module: string, kept?: string): Promise<BenchServer> {
  const folder = kept ?? mkdtempSync(join(tmpdir(), `coord-bench-${name}-`));
  const address = { host: "127.0.0.1", port: 0, loopback: true };
  const bindings = { COORD_CONTROL: randomBytes(16).toString("hex"), COORD_LOCAL: "1" };
  prepareFolder(folder);
  writeConfig(folder, module, bindings);
  const workerd = spawnWorkerd({
    binary: findWorkerd().path,
    folder,
    address,
    bindings,
    onLine: (line) => process.stderr.write(`${name}: ${line}\n`),
  });
  const stop = async () => {
    // with sockets open it would not heed SIGTERM, and nothing here outlives the run
    workerd.kill("SIGKILL");
    await workerd.exited;
    if (kept === undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    const port = await workerd.listening;
    return { name, url: `http://127.0.0.1:${port}/`, pid: workerd.pid, folder, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The baseline as JavaScript, in a folder of the caller's. @returns its path */
export function buildBaseline(folder: string): string {
  const source = readFileSync(new URL("../baseline/worker.ts", import.meta.url), "utf8");
  const path = join(folder, "baseline.js");
  writeFileSync(path, transformSync(source, { loader: "ts", target: "es2024", format: "esm" }).code);
  return path;
}
