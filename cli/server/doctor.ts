import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { dataDir, serverAddr } from "../config.ts";
import { CliError } from "../errors.ts";
import { VERSION } from "../version.ts";
import { type Address, formatAddress, parseAddress, urlOf } from "./address.ts";
import { layout, prepareFolder, readRuntimeRecord, refusalOf } from "./folder.ts";
import { health } from "./health.ts";
import { compareVersions, findWorkerd, findWorkerModule } from "./installation.ts";
import { holderLives, type LockRecord, orphanOf, readLock } from "./lock.ts";
import { dbFlag, serverSettings } from "./settings.ts";
import { formatBytes } from "./status.ts";

export interface DoctorFlags {
  addr?: string;
  db?: string;
  json?: boolean;
  /** `--no-data`: the databases are not looked into, which takes time where they are large. */
  data?: boolean;
}

export interface Check {
  readonly name: string;
  readonly level: "ok" | "warn" | "fail";
  readonly message: string;
  /** What to do about it. */
  readonly next?: string;
}

/** The least Node that coord runs on; package.json's `engines` says the same. */
const LEAST_NODE = "20.19.0";
/** Below this, warn that the disk is nearly full. */
const LITTLE_SPACE_BYTES = 200_000_000;
/** Below this a server does not start: it writes its own code, and its databases begin with a few pages. */
const NO_SPACE_BYTES = 5_000_000;

type Found = Omit<Check, "name">;

const ok = (message: string): Found => ({ level: "ok", message });
const warn = (message: string, next: string): Found => ({ level: "warn", message, next });
const fail = (message: string, next: string): Found => ({ level: "fail", message, next });

function checkNode(): Found {
  const { node } = process.versions;
  return compareVersions(node, LEAST_NODE) >= 0
    ? ok(`Node ${node}`)
    : fail(`Node ${node} is too old`, `install Node ${LEAST_NODE} or newer`);
}

async function checkWorkerd(): Promise<Found> {
  const { path, version } = findWorkerd();
  try {
    const { stdout } = await promisify(execFile)(path, ["--version"], { timeout: 10_000 });
    return ok(`workerd ${version} runs (${stdout.trim()})`);
  } catch (error) {
    return fail(
      `${path} does not run: ${(error as Error).message.trim()}`,
      process.platform === "linux" ? "workerd needs glibc 2.35 or newer; on Alpine use a Debian image" : "install coord again: npm install",
    );
  }
}

/** The folder itself, or the nearest one above it that exists. */
function nearestFolder(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestFolder(dirname(folder));
}

function checkFolder(folder: string): Found {
  if (existsSync(folder)) {
    prepareFolder(folder);
    return ok(`${folder} can be written`);
  }
  const parent = nearestFolder(folder);
  try {
    accessSync(parent, constants.W_OK);
  } catch (error) {
    return fail(
      `${folder} is not there and cannot be made: ${(error as NodeJS.ErrnoException).code}`,
      "give a folder you can write to with --db or COORD_DB",
    );
  }
  return ok(`${folder} is made when the server starts`);
}

function checkSpace(folder: string): Found {
  const { bavail, bsize } = statfsSync(nearestFolder(folder));
  const free = bavail * bsize;
  const text = `${formatBytes(free)} free on the disk`;
  if (free < NO_SPACE_BYTES) return fail(text, "make room: every change is refused until there is some (df -h shows where)");
  return free > LITTLE_SPACE_BYTES ? ok(text) : warn(text, "make room: a full disk refuses every change");
}

function checkLock(folder: string, record: LockRecord | undefined): Found {
  if (record === undefined) return ok("no server runs on this folder");
  if (holderLives(record)) return ok(`held by pid ${record.pid}${record.url ? `, serving ${record.url}` : ", starting"}`);
  const orphan = orphanOf(folder, record);
  return warn(
    orphan === undefined
      ? `left behind by pid ${record.pid}, which is dead`
      : `pid ${record.pid} is dead, its workerd (pid ${orphan}) still runs`,
    `nothing to worry about: the next coord serve takes it over, or clear it with coord stop${dbFlag(folder)}`,
  );
}

function checkRuntime(folder: string): Found {
  const { version } = findWorkerd();
  const record = readRuntimeRecord(folder);
  const refusal = refusalOf(record, version);
  if (refusal) return fail(refusal.message, refusal.next ?? "");
  return ok(record === undefined ? "a new folder, written by no workerd yet" : `last written by workerd ${record.workerd}`);
}

/** Tries to listen where the server would. */
function checkPort(address: Address): Promise<Found> {
  const place = formatAddress(address);
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", async (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") {
        const found = await health(urlOf(address), { connect_ms: 500, response_ms: 1000 });
        const who = found.state === "up" ? "a coord server of another data folder" : "another program";
        resolve(fail(`${place} is in use by ${who}`, "stop it, or choose another port with --addr or COORD_ADDR"));
      } else resolve(fail(`cannot listen on ${place}: ${error.code ?? error.message}`, "choose another address with --addr or COORD_ADDR"));
    });
    probe.listen({ host: address.host, port: address.port }, () => probe.close(() => resolve(ok(`${place} is free`))));
  });
}

async function checkServer(record: LockRecord, folder: string): Promise<Check[]> {
  if (record.url === undefined) return [{ name: "server", ...warn("still starting", "look again in a moment: coord doctor") }];
  const found = await health(record.url);
  const restart = `coord stop${dbFlag(folder)} && coord serve --detach${dbFlag(folder)}`;
  if (found.state !== "up") {
    const detail = found.state === "down" ? "nothing listens" : found.detail;
    return [{ name: "server", ...fail(`${record.url} does not answer: ${detail}`, `read ${layout(folder).log}, then: ${restart}`) }];
  }
  return [
    { name: "server", ...ok(`${record.url} answers`) },
    {
      name: "version",
      ...(found.version === VERSION
        ? ok(`program and server are coord ${VERSION}`)
        : warn(`the server is coord ${found.version}, this program ${VERSION}`, restart)),
    },
  ];
}

/** Runs every check; one that throws has failed. */
export async function examine(flags: DoctorFlags): Promise<Check[]> {
  const checks: Check[] = [];
  const add = async (name: string, check: () => Found | Promise<Found>): Promise<void> => {
    try {
      checks.push({ name, ...(await check()) });
    } catch (error) {
      const next = error instanceof CliError && error.next ? error.next : "see the message";
      checks.push({ name, ...fail((error as Error).message, next) });
    }
  };
  const folder = dataDir(flags.db);
  let record: LockRecord | undefined;
  await add("node", checkNode);
  await add("workerd", checkWorkerd);
  await add("worker", () => ok(`bundled worker at ${findWorkerModule()}`));
  await add("settings", () => {
    const { address, token } = serverSettings(flags);
    return ok(`address ${formatAddress(address)}, ${token ? "a token is asked for" : "no token, this machine only"}`);
  });
  await add("folder", () => checkFolder(folder));
  await add("space", () => checkSpace(folder));
  await add("lock", () => {
    record = readLock(folder);
    return checkLock(folder, record);
  });
  await add("runtime", () => checkRuntime(folder));
  if (record !== undefined && holderLives(record)) checks.push(...(await checkServer(record, folder)));
  else await add("port", () => checkPort(parseAddress(serverAddr(flags.addr))));
  if (flags.data !== false) {
    const { examineData } = await import("./data.ts");
    checks.push(...(await examineData(folder, record, process.env.COORD_TOKEN?.trim() || undefined)));
  }
  return checks;
}

const COLOURS = { ok: "32", warn: "33", fail: "31" } as const;

/** Checks with a line above them. */
export interface Section {
  readonly title?: string;
  readonly checks: readonly Check[];
}

/** `coord doctor`: the server's checks, then those of `more`. Resolves with the exit code: 1 when a check failed. */
export async function doctor(flags: DoctorFlags, more: () => Promise<Section | undefined> = async () => undefined): Promise<number> {
  const first = await examine(flags);
  if (!flags.json) printChecks(first);
  const second = await more();
  const checks = [...first, ...(second?.checks ?? [])];
  const failed = checks.some((check) => check.level === "fail");
  if (flags.json) process.stdout.write(`${JSON.stringify({ ok: !failed, checks })}\n`);
  else if (second && second.checks.length > 0) {
    if (second.title) process.stdout.write(`\n${second.title}\n`);
    printChecks(second.checks);
  }
  return failed ? 1 : 0;
}

const INDENT = " ".repeat(14);

/** A text in lines that fit beside the indentation; a word that does not, such as a path, stands alone. */
function folded(text: string, more = 0): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ").filter((one) => one !== "")) {
    const last = lines.at(-1);
    if (last !== undefined && INDENT.length + more + last.length + 1 + word.length <= 79) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function printChecks(checks: readonly Check[]): void {
  const coloured = process.stdout.isTTY && !process.env.NO_COLOR;
  for (const { name, level, message, next } of checks) {
    const mark = level.padEnd(4);
    const [first = "", ...more] = folded(message);
    process.stdout.write(`${coloured ? `\u001b[${COLOURS[level]}m${mark}\u001b[0m` : mark} ${name.padEnd(8)} ${first}\n`);
    for (const line of more) process.stdout.write(`${INDENT}${line}\n`);
    const [words = "", ...commands] = (next ?? "").split("\n");
    for (const [index, line] of folded(words, 4).entries()) process.stdout.write(`${INDENT}${index === 0 ? "do: " : "    "}${line}\n`);
    // a command on a line of its own stays whole, to be copied
    for (const command of commands) process.stdout.write(`${command}\n`);
  }
}
