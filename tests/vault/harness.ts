import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { VaultStatus } from "../../vault-sync/run.ts";
import { rpc } from "../harness/http.ts";
import { cleanEnv, PROGRAM } from "../harness/server.ts";

/** A `coord vault` that follows a board. */
export interface Keeper {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it printed once it was current. */
  readonly current: Promise<VaultStatus>;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  stderr(): string;
}

export function startVault(url: string, root: string, ...flags: string[]): Keeper {
  const child = spawn(process.execPath, [PROGRAM, "vault", root, "--url", url, "--json", ...flags], {
    env: cleanEnv(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((done) => {
    child.once("close", (code, signal) => done({ code, signal }));
  });
  const current = new Promise<VaultStatus>((ready, failed) => {
    createInterface({ input: child.stdout }).once("line", (line) => ready(JSON.parse(line) as VaultStatus));
    void exited.then(({ code, signal }) => failed(new Error(`coord vault ended with ${signal ?? code}: ${stderr}`)));
  });
  current.catch(() => {}); // a test that kills it at once does not wait for it
  return { child, pid: child.pid ?? 0, current, exited, stderr: () => stderr };
}

/** Posts tasks that link and wait for each other, all at once; some are claimed, completed, failed. */
export async function burst(url: string, tasks: number): Promise<void> {
  const ids: string[] = [];
  const one = async (i: number) => {
    const agent = ["harbor-lynx", "amber-fox", "Ada"][i % 3]!;
    const before = ids[i % Math.max(1, ids.length)];
    const sent = (await rpc(url, "tasks/send", {
      name: `burst ${i}`,
      agent_id: agent,
      payload: { follows_up: before ?? null },
      ...(i % 5 === 4 && before ? { depends_on: [before] } : {}),
    })) as { id: string; held: unknown };
    ids.push(sent.id);
    if (sent.held !== null || i % 2) return;
    await rpc(url, "tasks/claim", { id: sent.id, agent_id: agent });
    if (i % 4 === 0) await rpc(url, "tasks/complete", { id: sent.id, agent_id: agent, result: { i } });
  };
  const queue = Array.from({ length: tasks }, (_, i) => i);
  const worker = async () => {
    for (let i = queue.shift(); i !== undefined; i = queue.shift()) await one(i);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

export async function head(url: string): Promise<number> {
  return ((await rpc(url, "workspace/info", {})) as { head: number }).head;
}
