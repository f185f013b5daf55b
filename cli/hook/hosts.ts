import { createHash } from "node:crypto";
import { LIMITS } from "../../protocol/limits.ts";

export const HOSTS = ["claude", "codex", "gemini", "cursor", "opencode"] as const;
export type HostName = (typeof HOSTS)[number];

/** What happened in the host, whatever it calls it; `wait` is our own: the process that stays and wakes an idle tab. */
export type HookEvent = "start" | "stop" | "wait";

/** What a host wrote on the hook's standard input. Nothing in it is certain: each host and version has its own. */
export type Payload = Readonly<Record<string, unknown>>;

/** How a host is spoken to (hosts §3). */
export interface Host {
  readonly name: HostName;
  /** As people call it. */
  readonly title: string;
  /** The field that tells one tab from another. */
  readonly sessionField: string;
  /** One process is one tab, with one session at a time: its hooks and its `coord mcp` go by one handle. */
  readonly isTab: boolean;
  /** How long the end of a turn may be held open for an answer that is expected, in seconds; 0 where a waiter beside it wakes the tab. */
  readonly waitSeconds: number;
  /** Puts text into the context of a session that begins. */
  start(text: string, handle: string): string;
  /** Has the session go on with a text, at the end of a turn. */
  goOn(text: string): string;
  /** What is printed where there is nothing to say. */
  readonly silence: string;
}

const context = (text: string) => JSON.stringify({ hookSpecificOutput: { hookEventName: "SessionStart", additionalContext: text } });

export const HOST: Readonly<Record<HostName, Host>> = {
  claude: {
    name: "claude",
    title: "Claude Code",
    sessionField: "session_id",
    isTab: true,
    waitSeconds: 0,
    start: context,
    goOn: (reason) => JSON.stringify({ decision: "block", reason }),
    silence: "",
  },
  codex: {
    name: "codex",
    title: "Codex",
    sessionField: "session_id",
    isTab: true,
    waitSeconds: 20,
    start: context,
    goOn: (reason) => JSON.stringify({ decision: "block", reason }),
    silence: "{}",
  },
  gemini: {
    name: "gemini",
    title: "Gemini CLI",
    sessionField: "session_id",
    isTab: true,
    waitSeconds: 20,
    start: context,
    goOn: (reason) => JSON.stringify({ decision: "deny", reason }),
    silence: "{}",
  },
  cursor: {
    name: "cursor",
    title: "Cursor",
    sessionField: "conversation_id",
    isTab: false,
    waitSeconds: 20,
    start: (text, handle) => JSON.stringify({ additional_context: text, env: { COORD_AS: handle } }),
    goOn: (text) => JSON.stringify({ followup_message: text }),
    silence: "{}",
  },
  // its plugin, which `coord init --wake` writes, reads plain text
  opencode: {
    name: "opencode",
    title: "opencode",
    sessionField: "session_id",
    isTab: false,
    waitSeconds: 0,
    start: (text) => text,
    goOn: (text) => text,
    silence: "",
  },
};

const EVENTS: Readonly<Record<string, HookEvent>> = {
  sessionstart: "start",
  start: "start",
  stop: "stop",
  afteragent: "stop",
  wait: "wait",
};

/** What a host's own name for an event means; undefined for one that is none of ours. */
export function eventOf(name: unknown): HookEvent | undefined {
  return typeof name === "string" && Object.hasOwn(EVENTS, name.toLowerCase()) ? EVENTS[name.toLowerCase()] : undefined;
}

/** The host's word for the tab, from the command line or its input. */
export function sessionOf(host: Host, payload: Payload, given?: string): string | undefined {
  const session = given ?? payload[host.sessionField] ?? payload.session_id ?? payload.sessionID;
  return typeof session === "string" && session !== "" ? session : undefined;
}

/** The project's folder: where the host says that it is, else where the hook was started. */
export function folderOf(payload: Payload, env: NodeJS.ProcessEnv): string | undefined {
  const roots = payload.workspace_roots;
  const named = [env.CLAUDE_PROJECT_DIR, payload.cwd, Array.isArray(roots) ? roots[0] : undefined];
  return named.find((folder): folder is string => typeof folder === "string" && folder !== "");
}

/** Whether the host is in a turn that a hook of its own brought about. */
export function isContinued(payload: Payload): boolean {
  return payload.stop_hook_active === true || (typeof payload.loop_count === "number" && payload.loop_count > 0);
}

/** Cursor says how the turn ended: a person who stopped it is not talked back to. */
export function wasAborted(payload: Payload): boolean {
  return payload.status === "aborted" || payload.status === "error";
}

/**
 * Claude Code says whether somebody sits before it. Where nobody does (`claude -p`, an SDK), it would not end before its asynchronous
 * hooks do, and there is nothing to wake: it is told at its turns' ends.
 */
export function isUnattended(host: HostName, env: NodeJS.ProcessEnv): boolean {
  return host === "claude" && (env.CLAUDE_CODE_SESSION_ATTENDED === "0" || env.CLAUDE_CODE_ENTRYPOINT?.startsWith("sdk") === true);
}

/** The protocol's own rule for an agent's id. */
export function isHandle(text: string): boolean {
  return text !== "" && text.length <= LIMITS.agent_id_chars.value && text.trim() === text && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);
}

const OF_A_TAB = new RegExp(`^(${HOSTS.join("|")})-[0-9a-f]{6}$`);

/** Whether the user named the handle; the handle of the tab that this host was started from is none of the user's. */
export function isGiven(handle: string | undefined): handle is string {
  return handle !== undefined && handle !== "" && handle !== "me" && !OF_A_TAB.test(handle);
}

/** The handle of a session, the same for as long as the host keeps it: `claude-1f3a9c`. */
export function handleOf(host: HostName, session: string): string {
  return `${host}-${digest(session).slice(0, 6)}`;
}

/** Tells sessions apart without saying what the host calls them. */
export function digest(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 16);
}
