import { dataDir, defaultUrl, target } from "../config.ts";
import { VERSION } from "../version.ts";
import { databaseBytes, readRuntimeRecord } from "./folder.ts";
import { ask, bearer, type Health, health } from "./health.ts";
import { holderLives, readLock } from "./lock.ts";
import { dbFlag } from "./settings.ts";

export interface StatusFlags {
  db?: string;
  workspace?: string;
  json?: boolean;
}

/** The part of `workspace/info` that is shown. */
interface Counts {
  readonly counts: Readonly<Record<string, number>>;
  readonly agents: number;
  readonly sessions: number;
  readonly waiters: number;
  readonly head: number;
}

export interface Status {
  readonly running: boolean;
  readonly db: string;
  readonly database_bytes: number;
  /** This program. */
  readonly version: string;
  /** workerd that wrote the folder last, null in a new folder. */
  readonly workerd: string | null;
  readonly url?: string;
  readonly pid?: number;
  readonly workerd_pid?: number;
  readonly uptime_seconds?: number;
  readonly server_version?: string;
  readonly workspace?: string;
  readonly board?: Counts;
  /** Why there is no answer, or none with counts. */
  readonly trouble?: string;
}

async function readCounts(url: string, workspace: string, token: string | undefined): Promise<Counts | string> {
  const path = workspace === "default" ? "" : `w/${workspace}/`;
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "workspace/info", params: {} });
  try {
    const reply = await ask(new URL(path, url), {
      method: "POST",
      headers: { "content-type": "application/json", ...bearer(token) },
      body,
    });
    const { result, error } = JSON.parse(reply.body) as { result?: Counts; error?: { message?: string } };
    if (result === undefined) return error?.message ?? `it answered ${reply.status}`;
    const { counts, agents, sessions, waiters, head } = result;
    return { counts, agents, sessions, waiters, head };
  } catch (error) {
    return (error as Error).message;
  }
}

/** Everything known about the server of a data folder. */
export async function readStatus(folder: string, workspace: string, token: string | undefined, now: number): Promise<Status> {
  const base = { db: folder, database_bytes: databaseBytes(folder), version: VERSION, workerd: readRuntimeRecord(folder)?.workerd ?? null };
  const record = readLock(folder);
  if (record === undefined || !holderLives(record)) return { running: false, ...base };
  const { url, pid, workerdPid } = record;
  const running = {
    running: true,
    ...base,
    pid,
    uptime_seconds: Math.max(0, Math.round((now - record.startedAt) / 1000)),
    ...(workerdPid === undefined ? {} : { workerd_pid: workerdPid }),
  };
  if (url === undefined) return { ...running, trouble: "it is still starting" };
  const found: Health = await health(url);
  if (found.state !== "up")
    return { ...running, url, trouble: found.state === "down" ? "it does not answer; workerd may be restarting" : found.detail };
  const board = await readCounts(url, workspace, token);
  return { ...running, url, server_version: found.version, workspace, ...(typeof board === "string" ? { trouble: board } : { board }) };
}

/** `3 d 4 h`, `4 h 5 min`, `5 min 6 s` or `6 s`. */
export function formatDuration(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  const first = parts.findIndex(([amount]) => amount > 0);
  const shown = first === -1 ? parts.slice(-1) : parts.slice(first, first + 2);
  return shown.map(([amount, unit]) => `${amount} ${unit}`).join(" ");
}

/** `512 B`, `1.5 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${value.toFixed(1)} ${units[unit]}`;
}

function formatStatus(status: Status): string {
  const rows: [string, string][] = [];
  if (status.running) {
    rows.push(["running", `${status.url ?? "not answering yet"} (pid ${status.pid})`]);
    rows.push(["up for", formatDuration(status.uptime_seconds ?? 0)]);
  }
  rows.push(["version", `coord ${status.server_version ?? status.version}, workerd ${status.workerd ?? "not run yet"}`]);
  rows.push(["data", status.db]);
  rows.push(["databases", formatBytes(status.database_bytes)]);
  if (status.board) {
    const { counts, agents, sessions, waiters, head } = status.board;
    const jobs = Object.entries(counts).filter(([, count]) => count > 0);
    rows.push(["workspace", status.workspace ?? "default"]);
    rows.push(["jobs", jobs.length === 0 ? "none" : jobs.map(([state, count]) => `${count} ${state}`).join(", ")]);
    rows.push(["here now", `${agents} agents, ${sessions} sessions, ${waiters} waits`]);
    rows.push(["log", `${head} events`]);
  }
  if (status.trouble) rows.push(["trouble", status.trouble]);
  if (status.server_version !== undefined && status.server_version !== status.version) {
    rows.push(["note", `this program is coord ${status.version}; restart the server to match`]);
  }
  return rows.map(([name, value]) => `${name.padEnd(10)} ${value}\n`).join("");
}

/** `coord status`. Resolves with the exit code: 0 when the server of the folder runs, 7 when not. */
export async function status(flags: StatusFlags): Promise<number> {
  const folder = dataDir(flags.db);
  const { workspace, token } = target(flags.workspace === undefined ? {} : { workspace: flags.workspace });
  const found = await readStatus(folder, workspace, token, Date.now());
  if (flags.json) process.stdout.write(`${JSON.stringify(found)}\n`);
  else if (found.running) process.stdout.write(formatStatus(found));
  else {
    process.stdout.write(`no server runs on ${folder}\nstart one: coord serve --detach${dbFlag(folder)}\n${formatStatus(found)}`);
    const other = await health(defaultUrl(), { connect_ms: 500, response_ms: 1000 });
    if (other.state === "up")
      process.stdout.write(`elsewhere  a coord ${other.version} of another data folder answers at ${defaultUrl()}\n`);
  }
  return found.running ? 0 : 7;
}
