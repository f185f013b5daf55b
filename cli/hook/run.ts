import { appendFileSync, writeSync } from "node:fs";
import { basename } from "node:path";
import type { MethodName, ParamsIn, Result, Task } from "../../protocol/index.ts";
import { call } from "../client/http.ts";
import type { Target } from "../client/types.ts";
import { dataDir, type GlobalOptions, target } from "../config.ts";
import { CliError } from "../errors.ts";
import {
  digest,
  eventOf,
  folderOf,
  HOST,
  type Host,
  type HostName,
  handleOf,
  isContinued,
  isGiven,
  isHandle,
  isUnattended,
  type Payload,
  sessionOf,
  wasAborted,
} from "./hosts.ts";
import { handleOfSession } from "./identity.ts";
import { readPayload } from "./input.ts";
import { forgetOldTabs, TabState } from "./state.ts";
import { reminderText, startText, wakeText } from "./text.ts";

type Filter = NonNullable<ParamsIn<"agents/inbox">["filter"]>;

export interface HookOptions extends GlobalOptions {
  readonly host: HostName;
  readonly as?: string | undefined;
  readonly event?: string | undefined;
  /** Seconds that a turn's end may be held open. */
  readonly wait?: number | undefined;
  readonly session?: string | undefined;
  /** opencode's server, to which a waiter posts. */
  readonly post?: string | undefined;
  /** What the tab wants to hear of besides what concerns it; it may ask the server what a task's number stands for. */
  readonly filter: (get: (params: { id: string }) => Promise<Result<"tasks/get">>) => Promise<Filter | undefined>;
}

/** What one hook works with: which tab, under which handle, on which board. */
export interface Tab {
  readonly host: Host;
  readonly handle: string;
  readonly session: string;
  readonly target: Target;
  readonly state: TabState;
  readonly filter: Filter | undefined;
  readonly wake: { readonly host: string; readonly session: string };
  /** One request, bounded: a hook never keeps its host waiting for a server. */
  ask<M extends MethodName>(method: M, params: ParamsIn<M>, waitMs?: number): Promise<Result<M>>;
}

const CONNECT_MS = 1_000;
const ANSWER_MS = 2_500;
/** A held request is answered within this. */
const MOST_HELD_MS = 55_000;
/** Turns in a row that hooks may bring about; Claude Code ends it there by itself. */
const MOST_CONTINUED = 8;
const MOST_HOLDS = 50;

/**
 * `coord hook <host>`: one hook of one host. Whatever goes wrong (no server, a slow one, input that is no JSON, a folder that cannot
 * be written), the host's session goes on as if there were no hook; COORD_DEBUG=1 says on standard error what it was.
 */
export async function runHook(options: HookOptions, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const host = HOST[options.host];
  try {
    const isNamed = options.event !== undefined && options.session !== undefined;
    // whoever names both needs no host that writes: a person who tries it, a script
    const payload = process.stdin.isTTY ? {} : ((await readPayload(process.stdin)) ?? (isNamed ? {} : undefined));
    if (!payload) return nothing(host, "standard input holds no JSON object");
    const event = eventOf(options.event ?? payload.hook_event_name);
    if (!event) return nothing(host, `no event of ours: ${String(options.event ?? payload.hook_event_name)}`);
    const session = sessionOf(host, payload, options.session);
    if (session === undefined) return nothing(host, "the input names no session");
    if (event === "wait" && isUnattended(host.name, env))
      return nothing(host, "nobody sits before this session: it is not kept from ending");
    const folder = folderOf(payload, env);
    if (folder) enter(folder);
    const tab = await open(host, session, options, env);
    if (event === "wait") {
      const { waitForWake } = await import("./waiter.ts");
      process.exitCode = await waitForWake(tab, options.post, env);
      return;
    }
    const said =
      event === "start" ? await start(tab, folder, env) : await stop(tab, payload, options.wait ?? host.waitSeconds, hasWaiter(host, env));
    if (said) said();
    else nothing(host);
  } catch (error) {
    nothing(host, error);
  }
}

/** Prints for the host; the bytes have left when this returns, so that what comes after it may count on them. */
function print(text: string): void {
  if (text !== "") writeSync(1, `${text}\n`);
}

/** Lets the host go on. */
function nothing(host: Host, why?: unknown): void {
  debug(why);
  try {
    print(host.silence);
  } catch (error) {
    debug(error); // the host does not listen any more
  }
}

export function debug(why: unknown): void {
  if (why !== undefined && process.env.COORD_DEBUG)
    process.stderr.write(`coord hook: ${why instanceof Error ? why.message : String(why)}\n`);
}

function enter(folder: string): void {
  try {
    process.chdir(folder);
  } catch (error) {
    debug(error); // it was removed meanwhile: the folder that the hook was started in has to do
  }
}

async function open(host: Host, session: string, options: HookOptions, env: NodeJS.ProcessEnv): Promise<Tab> {
  const to = target(options, env);
  const root = dataDir(undefined, env);
  const given = options.as ?? env.COORD_AS;
  // the tab would go by it for as long as it lives, and be refused each time
  if (isGiven(given) && !isHandle(given)) throw new CliError(`not a handle: ${JSON.stringify(given.slice(0, 60))}`);
  const own = isGiven(given) ? given : handleOf(host.name, session);
  const handle = host.isTab ? handleOfSession(root, session, own, isGiven(given)) : own;
  const ask: Tab["ask"] = (method, params, waitMs = 0) =>
    call(to, method, params, {
      autostart: false,
      connectMs: CONNECT_MS,
      answerMs: ANSWER_MS + waitMs,
      signal: AbortSignal.timeout(ANSWER_MS + waitMs),
    });
  return {
    host,
    handle,
    session,
    target: to,
    state: new TabState(root, { host: host.name, session, url: to.url, workspace: to.workspace }),
    filter: await options.filter((params) => ask("tasks/get", params)),
    wake: { host: host.name, session: digest(session) },
    ask,
  };
}

/** A session begins, or comes back: it checks in, and reads what it has not read. */
async function start(tab: Tab, folder: string | undefined, env: NodeJS.ProcessEnv): Promise<() => void> {
  const { host, handle, target: to, state, wake } = tab;
  const name = `${host.title}, ${basename(folder ?? process.cwd())}`;
  const checkin = await tab.ask("agents/checkin", { id: handle, name: name.slice(0, 64), offer: true });
  const inbox = await tab.ask("agents/inbox", { id: handle, wake });
  forgetOldTabs(dataDir(undefined, env), Date.now());
  // what Claude Code's shell commands find in their environment from now on
  if (host.name === "claude" && env.CLAUDE_ENV_FILE && /^[\w.-]+$/.test(handle)) {
    appendFileSync(env.CLAUDE_ENV_FILE, `export COORD_AS=${handle}\n`);
  }
  return () => {
    print(host.start(startText(checkin, inbox.items, to.workspace, Date.now()), handle));
    state.cursor = inbox.cursor;
  };
}

/**
 * A turn ends. The agent is reminded of each claim once, and, where no waiter beside it will wake the tab, told of what has come; what
 * it has reason to expect is waited for, a while.
 */
async function stop(tab: Tab, payload: Payload, waitSeconds: number, isWoken: boolean): Promise<(() => void) | undefined> {
  const { host, handle, state } = tab;
  const continued = isContinued(payload);
  state.continued = continued ? state.continued + 1 : 0;
  if (wasAborted(payload) || state.continued > MOST_CONTINUED) return undefined;
  const own = await tab.ask("tasks/list", { claimed_by: handle, state: ["claimed", "review"], limit: MOST_HOLDS });
  const mine = own as Task[];
  const held = mine.filter((task) => task.state === "claimed");
  const reminders = continued ? [] : held.filter((task) => !state.reminded.has(claimKey(task)));
  let inbox = isWoken ? undefined : await look(tab, 0);
  const mayWait = inbox?.items.length === 0 && reminders.length === 0 && waitSeconds > 0;
  const expects = () => tab.filter !== undefined || mine.some((task) => task.state === "review") || isPromised(tab);
  if (inbox && mayWait && (await expects())) inbox = await waitFor(tab, inbox.cursor, waitSeconds);
  const items = inbox?.items ?? [];
  const texts = [
    ...(reminders.length === 0 ? [] : [reminderText(reminders, handle, Date.now())]),
    ...(items.length === 0 ? [] : [wakeText(items, handle)]),
  ];
  if (texts.length === 0) {
    if (inbox) state.cursor = inbox.cursor;
    return undefined;
  }
  return () => {
    print(host.goOn(texts.join("\n\n")));
    if (reminders.length > 0) state.reminded = new Set(held.map(claimKey));
    if (inbox) state.cursor = inbox.cursor;
  };
}

/** Whether a process beside the tab wakes it when it is idle. */
function hasWaiter(host: Host, env: NodeJS.ProcessEnv): boolean {
  return host.name === "opencode" || (host.name === "claude" && !isUnattended(host.name, env));
}

/** A job of its own that something still holds: it may be its to take any moment. */
async function isPromised(tab: Tab): Promise<boolean> {
  return ((await tab.ask("tasks/list", { assignee: tab.handle, state: "pending", ready: false, limit: 1 })) as Task[]).length > 0;
}

async function waitFor(tab: Tab, after: number, seconds: number): Promise<Result<"agents/inbox">> {
  const endsAt = performance.now() + seconds * 1000;
  for (let cursor = after; ; ) {
    const left = Math.max(0, Math.round(endsAt - performance.now()));
    const answer = await look(tab, Math.min(left, MOST_HELD_MS), cursor);
    if (answer.items.length > 0 || answer.replaced || left <= MOST_HELD_MS) return answer;
    cursor = answer.cursor;
  }
}

/** What has come for the tab. A cursor of another log than the board's present one is forgotten: then it is what the agent has not read. */
async function look(tab: Tab, waitMs: number, after = tab.state.cursor): Promise<Result<"agents/inbox">> {
  const params = {
    id: tab.handle,
    wake: tab.wake,
    ...(tab.filter ? { filter: tab.filter } : {}),
    ...(waitMs > 0 ? { wait_ms: waitMs } : {}),
  };
  try {
    return await tab.ask("agents/inbox", after === undefined ? params : { ...params, after }, waitMs);
  } catch (error) {
    if (after === undefined || (error as { exit?: number }).exit !== 6) throw error;
    tab.state.cursor = undefined;
    return tab.ask("agents/inbox", params, waitMs);
  }
}

/** The same job claimed again is another claim. */
function claimKey(task: Task): string {
  return `${task.id}@${task.claimed_at ?? ""}`;
}
