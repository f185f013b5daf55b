import { chmodSync, mkdirSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { PROGRAM, startServer, type TestServer, temporaryFolder, until } from "../../tests/harness/server.ts";
import { Board } from "./board.ts";
import { writeJson, writeText } from "./files.ts";
import type { Host, Rooms } from "./hosts/host.ts";
import type { Policy } from "./model/policy.ts";
import { type ClosedProxy, startClosedProxy } from "./model/proxy.ts";
import { type Mind, type Model, startModel } from "./model/server.ts";
import { type Ended, endLeftIn, leftIn, type Running, start } from "./processes.ts";

/** A host's `coord mcp` ends when its host does; this long after it at most. */
const GONE_MS = 5_000;
const INIT_LIMIT_MS = 30_000;

/** What all scenarios share: a coord server, the scripted models, and a scratch folder. Closed, none of it is left. */
export interface Stage extends AsyncDisposable {
  readonly server: TestServer;
  readonly model: Model;
  readonly proxy: ClosedProxy;
  readonly folder: string;
  /** The installed programs' files, by host. */
  readonly programs: ReadonlyMap<Host["id"], string>;
}

export async function openStage(programs: Stage["programs"]): Promise<Stage> {
  const folder = temporaryFolder();
  // `coord` as it is on the PATH of somebody who has installed it
  writeText(folder, "bin/coord", `#!/bin/sh\nexec "${process.execPath}" "${PROGRAM}" "$@"\n`);
  chmodSync(join(folder, "bin/coord"), 0o755);
  const [server, model, proxy] = await Promise.all([startServer(), startModel(), startClosedProxy()]);
  return {
    server,
    model,
    proxy,
    folder,
    programs,
    async [Symbol.asyncDispose]() {
      endLeftIn(folder);
      await Promise.all([server.stop(), model[Symbol.asyncDispose](), proxy[Symbol.asyncDispose]()]);
    },
  };
}

/** A project with what `coord init` wrote for these hosts. */
export interface Project {
  readonly folder: string;
  readonly board: Board;
}

/** A new git repository, prepared by the real `coord init`; its board lies on the stage's server. */
export async function initProject(
  stage: Stage,
  name: string,
  hosts: readonly Host[],
  home: string,
  flags: readonly string[] = [],
): Promise<Project> {
  const folder = join(stage.folder, name, "project");
  mkdirSync(folder, { recursive: true });
  const env = { ...baseEnv(stage, home, "coord"), COORD_AUTOSTART: "0" };
  await finished(start({ command: "git", args: ["init", "--quiet"], cwd: folder, env, limitMs: INIT_LIMIT_MS }), "git init");
  // the server has a port of its own here; on the default one a project needs no such line
  writeJson(folder, ".coord.json", { url: stage.server.url });
  const args = ["init", "--for", hosts.map(({ id }) => id).join(","), "--workspace", name, ...flags];
  await finished(start({ command: "coord", args, cwd: folder, env, limitMs: INIT_LIMIT_MS }), `coord ${args.join(" ")}`);
  return { folder: realpathSync(folder), board: new Board(stage.server, name) };
}

/** A host's program with a clean home, in a project, and the scripted model that it asks. */
export interface Agent {
  readonly host: Host;
  readonly rooms: Rooms;
  readonly mind: Mind;
  readonly env: Record<string, string>;
  readonly program: string;
}

export function hire(stage: Stage, host: Host, name: string, project: Project, policy: Policy, thinkMs = 0): Agent {
  const rooms: Rooms = { home: homeOf(stage, name), project: project.folder };
  const mind = stage.model.enroll({ name, wire: host.wire, naming: host.naming, policy, thinkMs });
  host.atHome(rooms, mind.url);
  const env = { ...baseEnv(stage, rooms.home, host.id), ...host.env(rooms, mind.url) };
  return { host, rooms, mind, env, program: stage.programs.get(host.id) ?? host.bin };
}

/** An agent's home folder, there from now on. */
export function homeOf(stage: Stage, name: string): string {
  const home = join(stage.folder, name, "home");
  mkdirSync(home, { recursive: true });
  return home;
}

/** Runs one prompt to its end. */
export function work({ host, rooms, env, program }: Agent, prompt: string, limitMs: number, more: readonly string[] = []): Running {
  return start({ command: program, args: [...host.headless(prompt), ...more], cwd: rooms.project, env, limitMs });
}

/** Waits for the end of a run; throws unless it ended well and left nothing running in its project. */
export async function finished(run: Running, what: string, folder?: string): Promise<Ended> {
  const ended = await run.ended;
  if (ended.overdue) throw new Error(`${what} had not ended after ${ended.ms} ms: ${tail(ended)}`);
  if (ended.code !== 0) throw new Error(`${what} ended with ${ended.signal ?? ended.code}: ${tail(ended)}`);
  if (folder !== undefined) await alone(folder, what);
  return ended;
}

/** Throws when something still works in the folder a while after its program has ended, and ends it. */
export async function alone(folder: string, what: string): Promise<void> {
  await until("nothing is left", () => leftIn(folder).length === 0, GONE_MS).catch(() => {
    throw new Error(`${what} left behind: ${endLeftIn(folder).join(" | ")}`);
  });
}

function tail({ stdout, stderr }: Ended): string {
  return (stderr.trim() || stdout.trim()).slice(-500);
}

/** Nothing of this process's environment but where programs are found; whoever asks for the world beyond loopback is refused. */
function baseEnv(stage: Stage, home: string, who: string): Record<string, string> {
  const path = [join(stage.folder, "bin"), dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter);
  const url = stage.proxy.urlFor(who);
  const local = "127.0.0.1,localhost";
  return {
    PATH: path,
    HOME: home,
    LANG: "C.UTF-8",
    HTTP_PROXY: url,
    HTTPS_PROXY: url,
    http_proxy: url,
    https_proxy: url,
    NO_PROXY: local,
    no_proxy: local,
  };
}
