import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { MethodName, ParamsIn, Result } from "../../protocol/index.ts";
import { rpc } from "../harness/http.ts";
import { cleanEnv, type Finished, finished, PROGRAM, runCoord, type TestServer, temporaryFolder, until } from "../harness/server.ts";

export type HostName = "claude" | "codex" | "gemini" | "cursor" | "opencode";

/** What each host calls the events, and how it names its session (hosts §3). */
const WORDS: Record<HostName, { start: string; stop: string; session: string }> = {
  claude: { start: "SessionStart", stop: "Stop", session: "session_id" },
  codex: { start: "SessionStart", stop: "Stop", session: "session_id" },
  gemini: { start: "SessionStart", stop: "AfterAgent", session: "session_id" },
  cursor: { start: "sessionStart", stop: "stop", session: "conversation_id" },
  opencode: { start: "SessionStart", stop: "stop", session: "session_id" },
};

/** A hook that was started as a host starts one, and has not ended yet. */
export interface RunningHook {
  readonly child: ChildProcess;
  readonly ended: Promise<Finished>;
}

/** One tab of a host: it runs coord's hooks with the JSON that this host writes. */
export class Tab {
  readonly host: HostName;
  readonly session = randomUUID();
  readonly folder = temporaryFolder();
  readonly env: Record<string, string | undefined>;

  constructor(host: HostName, url: string, state: string, env: Record<string, string | undefined> = {}) {
    this.host = host;
    const none = Object.fromEntries(Object.keys(process.env).flatMap((name) => (name.startsWith("CLAUDE") ? [[name, undefined]] : [])));
    this.env = { ...none, COORD_URL: url, COORD_DB: state, HOME: state, ...env };
  }

  input(event: "start" | "stop", more: object = {}): string {
    const words = WORDS[this.host];
    const folder = this.host === "cursor" ? { workspace_roots: [this.folder] } : { cwd: this.folder };
    return JSON.stringify({ hook_event_name: words[event], [words.session]: this.session, ...folder, ...more });
  }

  start(more: object = {}): Promise<Finished> {
    return this.hook([], this.input("start", more));
  }

  stop(more: object = {}, args: readonly string[] = []): Promise<Finished> {
    return this.hook(args, this.input("stop", more));
  }

  hook(args: readonly string[], input: string): Promise<Finished> {
    return runCoord(["hook", this.host, ...args], { env: this.env, cwd: this.folder, input });
  }

  /** Leaves a waiter beside the tab, as an asynchronous hook at a turn's end does. */
  wait(args: readonly string[] = []): RunningHook {
    return running(["hook", this.host, "--event", "wait", ...args], this.env, this.folder, this.input("stop"));
  }

  /** The handle that it goes by, as its session's start told it. */
  async handle(): Promise<string> {
    const { stdout } = await this.start();
    const handle = /You are \\?"([^"\\]+)\\?"/.exec(stdout)?.[1];
    if (!handle) throw new Error(`no handle in ${stdout}`);
    return handle;
  }
}

/** A hook with standard input left open, as some hosts leave it. */
export function running(args: readonly string[], env: Record<string, string | undefined>, cwd: string, input: string): RunningHook {
  const child = spawn(process.execPath, [PROGRAM, ...args], { env: cleanEnv(env), cwd });
  child.stdin.on("error", () => {
    // it closed its end: it has read what it needs
  });
  child.stdin.write(input);
  started.add(child);
  return { child, ended: finished(child) };
}

const started = new Set<ChildProcess>();

/** Ends whatever a failed test left behind. */
export function endHooks(): void {
  for (const child of started) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  started.clear();
}

/** Another agent's view of the board. */
export class Others {
  readonly #server: TestServer;
  readonly #path: string;

  constructor(server: TestServer, workspace = "default") {
    this.#server = server;
    this.#path = workspace === "default" ? "" : `w/${workspace}/`;
  }

  call<M extends MethodName>(method: M, params: ParamsIn<M>): Promise<Result<M>> {
    return rpc(`${this.#server.url}${this.#path}`, method, params as object) as Promise<Result<M>>;
  }

  async agent(id: string) {
    const found = (await this.call("agents/list", {})).find((one) => one.id === id);
    if (!found) throw new Error(`nobody here is ${id}`);
    return found;
  }

  /** Until a wake is armed for the agent, or none is. */
  async armed(id: string, is = true): Promise<void> {
    await until(`a wake is ${is ? "" : "no longer "}armed for ${id}`, async () => ((await this.agent(id)).wake !== null) === is);
  }

  /** A job that `by` has handed in for review. */
  async handedIn(by: string): Promise<string> {
    const { id } = await this.call("tasks/send", { name: "fix login", review: "required", agent_id: "boss" });
    await this.call("tasks/claim", { id, agent_id: by });
    await this.call("tasks/complete", { id, agent_id: by });
    return id;
  }
}
