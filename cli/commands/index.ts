import type { Command } from "commander";

interface Entry {
  readonly group: string;
  readonly load: () => Promise<{ register: (program: Command) => void }>;
}

const WORK = "Work on the board:";
const TEAM = "Plan, review, say:";
const LOOK = "Look at it:";
const PEOPLE = "Agents:";
const SERVER = "The server:";
const SETUP = "Set up:";

/**
 * Every command, in the order of the help, and where its code is. A command is loaded when it is the one that runs, or when all are
 * to be listed: a program that agents start a thousand times a day loads nothing that it does not use.
 */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  send: { group: WORK, load: () => import("./send.ts") },
  claim: { group: WORK, load: () => import("./claim.ts") },
  next: { group: WORK, load: () => import("./next.ts") },
  extend: { group: WORK, load: () => import("./extend.ts") },
  complete: { group: WORK, load: () => import("./complete.ts") },
  fail: { group: WORK, load: () => import("./fail.ts") },
  release: { group: WORK, load: () => import("./release.ts") },
  retry: { group: WORK, load: () => import("./retry.ts") },
  cancel: { group: WORK, load: () => import("./cancel.ts") },
  update: { group: WORK, load: () => import("./update.ts") },
  ready: { group: WORK, load: () => import("./ready.ts") },
  unready: { group: WORK, load: () => import("./unready.ts") },
  reclaim: { group: WORK, load: () => import("./reclaim.ts") },
  start: { group: TEAM, load: () => import("./start.ts") },
  plan: { group: TEAM, load: () => import("./plan.ts") },
  depend: { group: TEAM, load: () => import("./depend.ts") },
  undepend: { group: TEAM, load: () => import("./undepend.ts") },
  review: { group: TEAM, load: () => import("./review.ts") },
  dismiss: { group: TEAM, load: () => import("./dismiss.ts") },
  note: { group: TEAM, load: () => import("./note.ts") },
  wait: { group: LOOK, load: () => import("./wait.ts") },
  tasks: { group: LOOK, load: () => import("./tasks.ts") },
  get: { group: LOOK, load: () => import("./get.ts") },
  graph: { group: LOOK, load: () => import("./graph.ts") },
  notes: { group: LOOK, load: () => import("./notes.ts") },
  history: { group: LOOK, load: () => import("./history.ts") },
  events: { group: LOOK, load: () => import("./events.ts") },
  top: { group: LOOK, load: () => import("./top.ts") },
  vault: { group: LOOK, load: () => import("./vault.ts") },
  info: { group: LOOK, load: () => import("./info.ts") },
  checkin: { group: PEOPLE, load: () => import("./checkin.ts") },
  heartbeat: { group: PEOPLE, load: () => import("./heartbeat.ts") },
  inbox: { group: PEOPLE, load: () => import("./inbox.ts") },
  agents: { group: PEOPLE, load: () => import("./agents.ts") },
  serve: { group: SERVER, load: () => import("./serve.ts") },
  stop: { group: SERVER, load: () => import("./stop.ts") },
  status: { group: SERVER, load: () => import("./status.ts") },
  logs: { group: SERVER, load: () => import("./logs.ts") },
  backup: { group: SERVER, load: () => import("./backup.ts") },
  restore: { group: SERVER, load: () => import("./restore.ts") },
  export: { group: SERVER, load: () => import("./export.ts") },
  import: { group: SERVER, load: () => import("./import.ts") },
  doctor: { group: SERVER, load: () => import("./doctor.ts") },
  init: { group: SETUP, load: () => import("./init.ts") },
  mcp: { group: SETUP, load: () => import("./mcp.ts") },
  hook: { group: SETUP, load: () => import("./hook.ts") },
  demo: { group: SETUP, load: () => import("./demo.ts") },
  version: { group: SETUP, load: () => import("./version.ts") },
};

const OPTIONS_WITH_VALUE = new Set(["--url", "--workspace"]);

/** The command that the arguments name: their first word that is neither an option of the whole program nor such an option's value. */
export function commandName(args: readonly string[]): string | undefined {
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? "";
    if (OPTIONS_WITH_VALUE.has(word)) index++;
    else if (!word.startsWith("-")) return word;
  }
  return undefined;
}

/** Registers the command that is named, or every one where none is, or none that exists: help and suggestions need them all. */
export async function registerFor(program: Command, args: readonly string[]): Promise<void> {
  const name = commandName(args);
  const named = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (name !== undefined && named) return (await named.load()).register(program);
  const entries = Object.entries(COMMANDS);
  const modules = await Promise.all(entries.map(([, entry]) => entry.load()));
  for (const [index, [each, { group }]] of entries.entries()) {
    modules[index]?.register(program);
    program.commands.find((command) => command.name() === each)?.helpGroup(group);
  }
}
