import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { projectConfig } from "../config.ts";
import { CliError } from "../errors.ts";
import type { Check } from "../server/doctor.ts";
import { VERSION } from "../version.ts";
import { Draft } from "./draft.ts";
import { resolveFolder } from "./files.ts";
import type { Around, Host, ServerFile, Start } from "./hosts/host.ts";
import { detectHosts, HOSTS } from "./hosts/index.ts";
import { entryIn, isEarlier } from "./hosts/shapes.ts";
import { workspaceOf as boardOf } from "./launch.ts";
import { type Probed, probe } from "./probe.ts";
import { readRecord, recordPath } from "./record.ts";
import { surroundings } from "./run.ts";
import { workspaceOf } from "./workspace.ts";
import { repository } from "./workspace-name.ts";

/** A check of one host's configuration. */
export interface HostCheck extends Check {
  readonly host: string;
  /** The file it is about. */
  readonly file?: string;
}

export interface HostsReport {
  /** The project's folder; undefined outside one. */
  readonly folder: string | undefined;
  readonly workspace: string;
  readonly checks: readonly HostCheck[];
}

export interface HostsOptions {
  /** Where the command was typed. */
  readonly from: string;
  readonly home: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly program: string;
  readonly node: string;
  /** Where init keeps what it did; absent: it is not looked at. */
  readonly dataFolder?: string | undefined;
}

/**
 * Looks at every host that has an entry for coord, in the project's files and the user's: reads the file, really starts what the entry
 * says, and checks that the rules reach the host and that its user allowed it. No host's own program is started.
 */
export async function examineHosts(options: HostsOptions): Promise<HostsReport> {
  const { folder, isProject } = projectFolder(options.from);
  const workspace = workspaceOf(folder);
  const files = new Draft(folder, false, readRecord(undefined, folder));
  const around = surroundings(folder, workspace, { ...options, path: options.env.PATH }, files);
  const starts = new Map<string, Promise<Probed>>();
  /** Hosts that start the same command share the answer. */
  const started = (start: Start): Promise<Probed> => {
    const key = JSON.stringify(start);
    const there = starts.get(key) ?? probe(start, { folder, env: options.env });
    starts.set(key, there);
    return there;
  };
  const checks: HostCheck[] = [];
  const known = knownHosts(options, folder);
  const seen = new Set<string>();
  // One after the other: a machine with nine hosts is not made to start nine programs at once.
  for (const host of HOSTS) {
    const files = host.files(around).filter((file) => known.has(host) || !seen.has(file.place.path));
    const found = await examineHost(host, files, { around, isProject, started });
    if (found.length > 0) for (const file of files) seen.add(file.place.path);
    checks.push(...found);
  }
  if (checks.length === 0 && isProject) {
    checks.push({
      host: "none",
      name: "hosts",
      level: "warn",
      message: "no agent's host is configured to start coord here",
      next: "coord init, or for certain ones: coord init --for claude,codex",
    });
  }
  return { folder: isProject ? folder : undefined, workspace, checks };
}

/** Hosts that are told even where all they have is another host's file, which they read as well. */
function knownHosts({ home, env, dataFolder }: HostsOptions, folder: string): Set<Host> {
  const prepared = readRecord(dataFolder === undefined ? undefined : recordPath(dataFolder, folder), folder).hosts;
  const detected = detectHosts({ folder, home, path: env.PATH }).map(({ host }) => host);
  return new Set([...detected, ...HOSTS.filter((host) => prepared.includes(host.name))]);
}

/** The folder with `.coord.json`, else the repository's, else this one. */
function projectFolder(from: string): { folder: string; isProject: boolean } {
  const here = resolveFolder(from);
  let path: string | undefined;
  try {
    path = projectConfig(here).path;
  } catch {
    // There is one, though it cannot be read: the nearest is looked for by name.
    path = nearest(here, ".coord.json");
  }
  if (path !== undefined) return { folder: dirname(path), isProject: true };
  return { folder: repository(here)?.root ?? here, isProject: false };
}

function nearest(from: string, name: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    if (existsSync(join(at, name))) return join(at, name);
    if (dirname(at) === at) return undefined;
  }
}

interface Examination {
  readonly around: Around;
  /** Outside a project there is no board to speak of, and there are no rules. */
  readonly isProject: boolean;
  readonly started: (start: Start) => Promise<Probed>;
}

async function examineHost(host: Host, files: readonly ServerFile[], examination: Examination): Promise<HostCheck[]> {
  const { around } = examination;
  const checks: HostCheck[] = [];
  let inProject = false;
  let isConfigured = false;
  for (const file of files) {
    const text = around.read(file.place);
    if (text === undefined) continue;
    const add = (found: Omit<Check, "name">): void => {
      checks.push({ host: host.name, name: host.name, file: file.place.name, ...found });
    };
    let entry: Readonly<Record<string, unknown>> | undefined;
    try {
      entry = entryIn(text, file);
    } catch (error) {
      // A broken file of the user's may have nothing to do with coord; one of the project's would be coord's to write.
      const level = file.place.scope === "project" ? "fail" : "warn";
      add({ level, message: `${file.place.name} cannot be read: ${firstLine(error)}`, next: `mend ${file.place.path}` });
      continue;
    }
    if (entry === undefined) continue;
    isConfigured = true;
    if (file.place.scope === "project") inProject = true;
    for (const found of await examineEntry(host, file, entry, examination)) add(found);
  }
  if (!isConfigured || !examination.isProject) return checks;
  const add = (found: Omit<Check, "name">): void => {
    checks.push({ host: host.name, name: host.name, ...found });
  };
  const reach = host.reach(around);
  if (reach.ok) add({ level: "ok", message: `reads the rules by ${reach.by}` });
  else add({ level: "warn", message: reach.message, next: reach.next });
  const consent = inProject ? host.consent?.(around) : undefined;
  if (consent) add(consent);
  const wakes = examineWake(host, around);
  if (wakes) add(wakes);
  return checks;
}

/** Whether the hooks that wake the host's agent are as init would write them now; nothing where there are none. */
function examineWake(host: Host, around: Around): Omit<Check, "name"> | undefined {
  const states = (host.wake?.(around).parts ?? []).map(({ place, part }) => {
    const text = around.read(place);
    try {
      return text === undefined ? "added" : part.put(text, place, false).action;
    } catch (error) {
      if (error instanceof CliError) return "added";
      throw error;
    }
  });
  if (states.every((state) => state === "added")) return undefined;
  if (states.every((state) => state === "unchanged")) return { level: "ok", message: "its hooks are in place" };
  return { level: "warn", message: "its hooks are not as this coord writes them", next: `coord init --for ${host.name} --wake` };
}

async function examineEntry(
  host: Host,
  file: ServerFile,
  entry: Readonly<Record<string, unknown>>,
  { around, isProject, started }: Examination,
): Promise<Omit<Check, "name">[]> {
  const found: Omit<Check, "name">[] = [];
  const { name } = file.place;
  const isInits = host.file(around)?.place.path === file.place.path;
  const anew = isInits ? `coord init --for ${host.name} --force` : `mend ${file.place.path}, or take coord out of it`;
  if (entry.disabled === true || entry.enabled === false)
    found.push({ level: "warn", message: `${name} has coord switched off`, next: `switch it on in ${name}, or: ${anew}` });
  const start = host.start(entry);
  try {
    const { name: server, version, tools, ms } = await started(start);
    if (!tools.includes("tasks_claim"))
      found.push({ level: "fail", message: `${name} starts ${server}, which is not coord: it has no tool tasks_claim`, next: anew });
    else found.push({ level: "ok", message: `${name} starts coord (${tools.length} tools, ${(ms / 1000).toFixed(1)} s)` });
    if (server === "coord" && version !== VERSION)
      found.push({
        level: "warn",
        message: `${name} starts coord ${version}, this program is ${VERSION}`,
        next: `install one of them, or: ${anew}`,
      });
  } catch (error) {
    found.push({ level: "fail", message: `${name}: ${firstLine(error)}`, next: anew });
  }
  if (isInits && isEarlier(entry, host, around))
    found.push({ level: "warn", message: `${name} has coord as an earlier version wrote it`, next: `coord init --for ${host.name}` });
  const board = start.env?.COORD_WORKSPACE ?? boardOf(start.command ?? []);
  if (isProject && board && board !== around.workspace)
    found.push({ level: "warn", message: `${name} speaks to the board ${board}; this project's is ${around.workspace}`, next: anew });
  const { limit } = host;
  const allowed = limit && entry[limit.field];
  if (limit && typeof allowed === "number" && allowed < limit.least)
    found.push({
      level: "warn",
      message: `${name}: ${limit.field} = ${allowed} cuts waits off that coord takes for allowed`,
      next: `set ${limit.field} to ${limit.least} or more, or give coord mcp --max-wait SECONDS`,
    });
  return found;
}

function firstLine(error: unknown): string {
  const text = error instanceof CliError || error instanceof Error ? error.message : String(error);
  return text.split("\n")[0]!;
}
