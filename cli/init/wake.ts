import { HOST, type HostName } from "../hook/hosts.ts";
import { parseText } from "./edit/jsonc.ts";
import type { Around } from "./hosts/host.ts";
import { inProject, valuesOf } from "./hosts/shapes.ts";
import { jsonItem, jsonMember } from "./json-parts.ts";
import { type FilePart, ownFile, type Part, type Place } from "./parts.ts";
import { isPlugin, opencodePlugin } from "./wake-plugin.ts";

/** What `coord init --wake` writes for a host, and what its user must still do. */
export interface Wake {
  readonly parts: readonly FilePart[];
  readonly todo: readonly string[];
}

/** A hook answers within three seconds, come what may; npx takes some to start it. */
const QUICK_SECONDS = 15;
/** A waiter may stay beside an idle tab for a week. Hosts count it in milliseconds in 32 bits, which end at 24 days. */
const WAITER_SECONDS = 7 * 24 * 3600;
/** Beyond it Cursor asks its user: hooks themselves stop after eight turns in a row. */
const CURSOR_LOOPS = 10;

/** A word of a shell command. */
function quote(word: string): string {
  return /^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** coord's hook command, with what its user has added to it: another wait, a filter. */
function command(around: Around, host: HostName, added: string): string {
  return [...around.words.map(quote), "hook", host].join(" ") + added;
}

/** What follows the host's name in one of coord's hook commands; undefined where it is none. */
function afterHost(text: unknown, host: HostName): string | undefined {
  return typeof text === "string" ? new RegExp(`\\bcoord(?:\\.js)?['"]?\\s+hook\\s+${host}(\\s.*|)$`, "s").exec(text)?.[1] : undefined;
}

/** The commands in one element of a host's list of hooks: its own, or those of its group. */
function commandsOf(item: unknown): unknown[] {
  if (typeof item !== "object" || item === null) return [];
  const { command: own, hooks } = item as { command?: unknown; hooks?: unknown };
  if (Array.isArray(hooks)) return hooks.map((hook) => (hook as { command?: unknown } | null)?.command);
  return own === undefined ? [] : [own];
}

/** Whether an element is coord's and nobody else's too. */
function isOurs(item: unknown, host: HostName): boolean {
  const commands = commandsOf(item);
  return commands.length > 0 && commands.every((one) => afterHost(one, host) !== undefined);
}

const WAITS = /^\s--event wait\b/;

/** What the user has added to coord's commands for an event: that is kept. */
function addedTo(around: Around, place: Place, event: string, host: HostName, waits: boolean): string {
  const { hooks } = valuesOf(around, place) as { hooks?: Record<string, unknown> };
  const list = hooks?.[event];
  const ours = (Array.isArray(list) ? list : []).filter((item) => isOurs(item, host)).flatMap(commandsOf);
  const added = ours.map((one) => afterHost(one, host) ?? "").find((one) => WAITS.test(one) === waits);
  return (waits ? added?.replace(WAITS, "") : added) ?? "";
}

type Group = Readonly<Record<string, unknown>>;

function parts(place: Place, host: HostName, byEvent: Readonly<Record<string, Group>>): FilePart[] {
  return Object.entries(byEvent).map(([event, value]) => ({
    place,
    part: jsonItem({
      id: `wake ${event}`,
      path: ["hooks", event],
      value,
      ours: (item) => isOurs(item, host),
      label: `${event} hook of coord`,
    }),
  }));
}

/** Claude Code: a check-in as a session begins; as a turn ends a reminder, and a waiter that stays and wakes the idle tab. */
export function claudeWake(around: Around): Wake {
  const place = inProject(around, ".claude/settings.json");
  const added = (event: string, waits = false) => addedTo(around, place, event, "claude", waits);
  const quick = (event: string) => ({ type: "command", command: command(around, "claude", added(event)), timeout: QUICK_SECONDS });
  const waiter = {
    type: "command",
    command: command(around, "claude", ` --event wait${added("Stop", true)}`),
    asyncRewake: true,
    timeout: WAITER_SECONDS,
  };
  return {
    parts: parts(place, "claude", { SessionStart: { hooks: [quick("SessionStart")] }, Stop: { hooks: [quick("Stop"), waiter] } }),
    todo: ["restart claude where it runs here: hooks are read as a session begins"],
  };
}

/** Codex: a check-in as a session begins; as a turn ends a reminder and a bounded wait for what is expected. */
export function codexWake(around: Around): Wake {
  const place = inProject(around, ".codex/hooks.json");
  const hook = (event: string, timeout: number) => {
    const added = addedTo(around, place, event, "codex", false);
    return {
      hooks: [{ type: "command", command: command(around, "codex", added), timeout: timeout + waitIn(added, "codex", event === "Stop") }],
    };
  };
  return {
    parts: parts(place, "codex", { SessionStart: hook("SessionStart", QUICK_SECONDS), Stop: hook("Stop", QUICK_SECONDS) }),
    todo: ["allow coord's hooks in codex: type /hooks there (codex exec: --dangerously-bypass-hook-trust)"],
  };
}

/** Gemini CLI: as Codex, in its own settings, with times in milliseconds. */
export function geminiWake(around: Around): Wake {
  const place = inProject(around, ".gemini/settings.json");
  const hook = (event: string) => {
    const added = addedTo(around, place, event, "gemini", false);
    const seconds = QUICK_SECONDS + waitIn(added, "gemini", event === "AfterAgent");
    return { hooks: [{ name: "coord", type: "command", command: command(around, "gemini", added), timeout: seconds * 1000 }] };
  };
  return { parts: parts(place, "gemini", { SessionStart: hook("SessionStart"), AfterAgent: hook("AfterAgent") }), todo: [] };
}

/** Cursor: as Codex, in its own file. */
export function cursorWake(around: Around): Wake {
  const place = inProject(around, ".cursor/hooks.json");
  const hook = (event: string, more: object) => {
    const added = addedTo(around, place, event, "cursor", false);
    return { command: command(around, "cursor", added), timeout: QUICK_SECONDS + waitIn(added, "cursor", event === "stop"), ...more };
  };
  const version = jsonMember({ id: "wake version", path: ["version"], value: 1, label: "version of the hooks" });
  // another's hooks need it as well
  const take: Part["take"] = (text, ...rest) =>
    text.trim() !== "" && hasOthers(text) ? { action: "absent", text, detail: "" } : version.take(text, ...rest);
  return {
    parts: [
      { place, part: { ...version, take } },
      ...parts(place, "cursor", { sessionStart: hook("sessionStart", {}), stop: hook("stop", { loop_limit: CURSOR_LOOPS }) }),
    ],
    todo: [],
  };
}

/** Whether a file of Cursor's has hooks that are not coord's. */
function hasOthers(text: string): boolean {
  const { hooks } = parseText(text, false) as { hooks?: Record<string, unknown> };
  return Object.values(hooks ?? {}).some((list) => Array.isArray(list) && list.some((item) => !isOurs(item, "cursor")));
}

/** opencode: a plugin that leaves a waiter beside each idle session and hands its words to the session. */
export function opencodeWake(around: Around): Wake {
  const part = ownFile({ id: "wake", text: opencodePlugin(around.words), ours: isPlugin, label: "plugin that wakes an idle session" });
  return { parts: [{ place: inProject(around, ".opencode/plugins/coord.js"), part }], todo: [] };
}

/** How long a hook may hold a turn's end, in seconds: its own flag, else what is usual for the host. */
function waitIn(added: string, host: HostName, holds: boolean): number {
  if (!holds) return 0;
  const given = /--wait[ =](\d+(?:\.\d+)?)([smh]?)/.exec(added);
  if (!given) return HOST[host].waitSeconds;
  return Math.ceil(Number(given[1]) * { "": 1, s: 1, m: 60, h: 3600 }[given[2] as "" | "s" | "m" | "h"]);
}
