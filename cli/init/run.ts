import { homedir } from "node:os";
import { isAbsolute, relative } from "node:path";
import { carryOut, keepRecord } from "./carry-out.ts";
import { type Change, Draft } from "./draft.ts";
import { resolveFolder } from "./files.ts";
import { claude } from "./hosts/claude.ts";
import type { Around, Host, HostName, ServerFile } from "./hosts/host.ts";
import { type Chosen, detectHosts, HOSTS, hostsNamed } from "./hosts/index.ts";
import { agentsPart } from "./hosts/rules.ts";
import { entryIn, serverPart } from "./hosts/shapes.ts";
import { launch } from "./launch.ts";
import { type FilePart, placeIn } from "./parts.ts";
import { projectPart } from "./project-part.ts";
import { type InitRecord, readRecord, recordPath } from "./record.ts";
import { chooseWorkspace } from "./workspace.ts";

export interface InitOptions {
  readonly folder: string;
  /** A workspace asked for by name. */
  readonly workspace?: string | undefined;
  /** Hosts asked for, as `--for` has them; absent: those that are found. */
  readonly for?: string | undefined;
  readonly mcp: boolean;
  readonly agents: boolean;
  /** Prepare the hosts to wake an idle agent as well. */
  readonly wake?: boolean;
  /** Undo what init did instead. */
  readonly remove?: boolean;
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly program: string;
  readonly node: string;
  readonly path: string | undefined;
  /** The user's home; absent: no file of the user's is looked at or touched. */
  readonly home?: string | undefined;
  /** The folder that the record of what was done is kept in; absent: none is kept. */
  readonly dataFolder?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface InitOutcome {
  readonly folder: string;
  readonly workspace: string;
  readonly dryRun: boolean;
  readonly removed: boolean;
  readonly changes: readonly (Change & { backup?: string })[];
  readonly skipped: readonly string[];
  /** The hosts that were prepared or undone, why, and what the user must do before each uses coord. */
  readonly hosts: readonly {
    readonly name: HostName;
    readonly title: string;
    readonly because: Chosen["because"];
    readonly todo: readonly string[];
  }[];
  /** What is left for the reader to know or do. */
  readonly notes: readonly string[];
}

/**
 * Prepares a project's folder for coord: each host's own file, the rules, `.coord.json`. Everything is read and decided before
 * the first byte is written, so a refusal leaves all as it was; each file is then written whole or not at all.
 * Run again it changes nothing but its own parts, and those only when they differ.
 */
export function init(options: InitOptions): InitOutcome {
  const folder = resolveFolder(options.folder);
  const { name, asked } = chooseWorkspace(folder, options.workspace);
  const recordFile = options.dataFolder === undefined ? undefined : recordPath(options.dataFolder, folder);
  const record = readRecord(recordFile, folder);
  const draft = new Draft(folder, options.force, record);
  const around = surroundings(folder, name, options, draft);
  const plan: Plan = { folder, name, asked, options, draft, around, record };
  const { chosen, hosts, notes } = options.remove ? takeAll(plan) : putAll(plan);

  // A removal tells only of files that had something of coord's.
  const drafted = draft.changes().filter((change) => !options.remove || change.action !== "unchanged");
  const kept: InitRecord = { version: 1, folder, hosts, files: draft.files() };
  if (!options.dryRun && recordFile !== undefined) notes.push(...keepRecord(recordFile, kept, record, drafted));
  const changes = options.dryRun ? drafted : drafted.map(carryOut);
  return {
    folder,
    workspace: name,
    dryRun: options.dryRun,
    removed: options.remove ?? false,
    changes,
    skipped: [...(options.mcp ? [] : [".mcp.json"]), ...(options.agents ? [] : ["AGENTS.md"])],
    hosts: chosen.map(({ host, because }) => ({
      name: host.name,
      title: host.title,
      because,
      todo: options.remove ? [] : [...(options.mcp ? host.todo(around) : []), ...(options.wake ? (host.wake?.(around).todo ?? []) : [])],
    })),
    notes,
  };
}

interface Plan {
  readonly folder: string;
  readonly name: string;
  readonly asked: boolean;
  readonly options: InitOptions;
  readonly draft: Draft;
  readonly around: Around;
  readonly record: InitRecord;
}

interface Planned {
  readonly chosen: readonly Chosen[];
  /** The hosts that the record names afterwards. */
  readonly hosts: readonly HostName[];
  readonly notes: string[];
}

/** How hosts start coord, and what they find around them. */
export function surroundings(
  folder: string,
  workspace: string,
  options: Pick<InitOptions, "path" | "program" | "node" | "home" | "env">,
  files: Pick<Draft, "read">,
): Around {
  const { path, program, node } = options;
  const wordsOf = (anywhere: boolean): string[] => {
    const { command, args } = launch({ folder, path, program, node, anywhere }).entry;
    return [command, ...args.slice(0, -1)];
  };
  return {
    folder,
    home: options.home,
    workspace,
    words: wordsOf(false),
    userWords: wordsOf(true),
    platform: process.platform,
    env: options.home === undefined ? {} : (options.env ?? {}),
    read: (place) => files.read(place),
  };
}

function putAll(plan: Plan): Planned {
  const { folder, options, draft, around, record } = plan;
  const chosen = options.for === undefined ? found(plan) : hostsNamed(options.for).map((host) => ({ host, because: "asked for" as const }));
  const notes: string[] = [];
  if (options.mcp) {
    // With no host in sight the file that most of them can read stands for all.
    const hosts = chosen.length > 0 ? chosen.map(({ host }) => host) : [claude];
    const put = hosts.map((host) => putServer(host, plan, notes));
    const start = launch({ folder, path: options.path, program: options.program, node: options.node });
    if (put.includes(true) && start.note) notes.push(`${start.note}.`);
  }
  if (options.agents) {
    const agents = agentsPart(folder);
    draft.put(agents);
    for (const { host } of chosen) for (const part of rulesOf(host, plan, agents)) draft.put(part);
  }
  if (options.wake) for (const { host } of chosen) for (const part of host.wake?.(around).parts ?? []) draft.put(part);
  draft.put(projectPart(folder, plan.name, plan.asked));
  return { chosen, hosts: [...new Set([...record.hosts, ...chosen.map(({ host }) => host.name)])], notes };
}

/** The hosts that are here, and those prepared before. */
function found({ folder, options, record }: Plan): Chosen[] {
  const detected = detectHosts({ folder, home: options.home, path: options.path });
  return HOSTS.flatMap((host): Chosen[] => {
    const one = detected.find((chosen) => chosen.host === host);
    if (one) return [one];
    return record.hosts.includes(host.name) ? [{ host, because: "prepared before" }] : [];
  });
}

function putServer(host: Host, { around, draft }: Plan, notes: string[]): boolean {
  const file = host.file(around);
  if (file) return draft.put(serverPart(host, file, around));
  notes.push(`${host.title} has no file in a project, and this user has no home folder: nothing was written for it.`);
  return false;
}

/** What makes a host read AGENTS.md; nothing where its file is AGENTS.md, by a link. */
function rulesOf(host: Host, { around, draft }: Plan, agents: FilePart): FilePart[] {
  return (host.rules?.(around) ?? []).filter((one) => one.part.id !== "import" || !draft.isSame(one.place, agents.place));
}

/** Takes out the parts of the hosts that were asked for, or all, but none that a host which stays has in common with them. */
function takeAll(plan: Plan): Planned {
  const { folder, options, draft, around, record, name } = plan;
  const all = options.for === undefined;
  const leaving = all ? HOSTS : hostsNamed(options.for!);
  const staying = all
    ? []
    : HOSTS.filter((host) => !leaving.includes(host) && (record.hosts.includes(host.name) || isPrepared(host, leaving, plan)));
  const agents = agentsPart(folder);
  const partsOf = (host: Host): FilePart[] => {
    const file = host.file(around);
    return [
      ...(options.mcp && file && !(all && isAnothers(host, file, plan)) ? [serverPart(host, file, around)] : []),
      ...(options.agents ? rulesOf(host, plan, agents) : []),
      ...(host.wake?.(around).parts ?? []),
    ];
  };
  const stay = new Set(staying.flatMap(partsOf).map(keyOf));
  const parts = leaving.flatMap(partsOf);
  if (staying.length === 0) {
    if (options.agents) parts.push(agents);
    if (options.mcp && options.agents) parts.push(projectPart(folder, name, false));
  }
  const leave = new Map(parts.filter((one) => !stay.has(keyOf(one))).map((one) => [keyOf(one), one]));
  for (const part of [...leave.values()].reverse()) if (draft.read(part.place) !== undefined) draft.take(part);
  if (all && options.mcp && options.agents) {
    for (const path of Object.keys(record.files)) draft.takeRest(placeOf(path, around));
  }
  const gone = leaving.filter((host) => record.hosts.includes(host.name) || !all);
  const hosts = options.mcp && options.agents ? record.hosts.filter((one) => !leaving.some((host) => host.name === one)) : record.hosts;
  return { chosen: gone.map((host) => ({ host, because: all ? "prepared before" : "asked for" })), hosts, notes: [] };
}

/** Whether a host has coord's entry in a file that is not one of those which leave. */
function isPrepared(host: Host, leaving: readonly Host[], { around, draft }: Plan): boolean {
  const file = host.file(around);
  if (!file || leaving.some((one) => one.file(around)?.place.path === file.place.path)) return false;
  const text = draft.read(file.place);
  try {
    return text !== undefined && entryIn(text, file) !== undefined;
  } catch {
    // Its file cannot be read: whatever is in it, it is not for this removal to judge.
    return false;
  }
}

/** Whether a file of the user's, which serves every project, has an entry that this project did not make. */
function isAnothers(host: Host, file: ServerFile, { around, draft, record }: Plan): boolean {
  if (file.place.scope === "project" || record.hosts.includes(host.name)) return false;
  const text = draft.read(file.place);
  return text === undefined || serverPart(host, file, around).part.take(text, file.place, false).action !== "removed";
}

function keyOf({ place, part }: FilePart): string {
  return `${place.path}\0${part.id}`;
}

function placeOf(path: string, { folder, home }: Around) {
  const within = relative(folder, path);
  if (!within.startsWith("..") && !isAbsolute(within)) return placeIn(folder, within);
  const atHome = home === undefined ? path : relative(home, path);
  return { name: atHome.startsWith("..") || isAbsolute(atHome) ? path : `~/${atHome}`, path, scope: "user" as const };
}

/** The user's home folder; undefined where it is not known. */
export function homeFolder(): string | undefined {
  try {
    return homedir() || undefined;
  } catch {
    // A user without an entry and without HOME.
    return undefined;
  }
}
