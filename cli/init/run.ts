import { relative } from "node:path";
import { projectConfig } from "../config.ts";
import { CliError } from "../errors.ts";
import { backUp, readProjectFile, resolveFolder, writeWhole } from "./files.ts";
import { launch } from "./launch.ts";
import { type Change, planAgents, planMcp, planProject } from "./plan.ts";
import { defaultWorkspace, repository } from "./workspace-name.ts";

export interface InitOptions {
  readonly folder: string;
  /** A workspace asked for by name. */
  readonly workspace?: string | undefined;
  readonly mcp: boolean;
  readonly agents: boolean;
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly program: string;
  readonly node: string;
  readonly path: string | undefined;
}

export interface InitOutcome {
  readonly folder: string;
  readonly workspace: string;
  readonly dryRun: boolean;
  readonly changes: readonly (Change & { backup?: string })[];
  readonly skipped: readonly string[];
  /** What is left for the reader to know or do. */
  readonly notes: readonly string[];
}

/**
 * Prepares a project's folder for coord: `.mcp.json`, `AGENTS.md`, `.coord.json`. Everything is read and decided before
 * the first byte is written, so a refusal leaves the folder as it was; each file is then written whole or not at all.
 * Run again it changes nothing but its own parts, and those only when they differ.
 */
export function init(options: InitOptions): InitOutcome {
  const folder = resolveFolder(options.folder);
  const { name, asked } = chooseWorkspace(folder, options.workspace);
  const start = launch({ folder, path: options.path, program: options.program, node: options.node });
  const notes: string[] = [];

  const planned: Change[] = [];
  if (options.mcp) {
    const change = planMcp(readProjectFile(folder, ".mcp.json"), start.entry, options.force);
    planned.push(change);
    if (start.note && (change.action === "created" || change.action === "updated")) notes.push(`.mcp.json: ${start.note}.`);
  }
  if (options.agents) {
    planned.push(planAgents(readProjectFile(folder, "AGENTS.md"), options.force));
    notes.push(...claudeNote(folder));
  }
  planned.push(planProject(readProjectFile(folder, ".coord.json"), name, asked, options.force));

  const changes: InitOutcome["changes"] = options.dryRun ? planned : planned.map(carryOut);
  return {
    folder,
    workspace: name,
    dryRun: options.dryRun,
    changes,
    skipped: [...(options.mcp ? [] : [".mcp.json"]), ...(options.agents ? [] : ["AGENTS.md"])],
    notes,
  };
}

function carryOut(change: Change): Change & { backup?: string } {
  if (change.action === "unchanged" || change.action === "kept") return change;
  const backup = change.backUp && change.before !== undefined ? backUp(change.path, change.before) : undefined;
  writeWhole(change.path, change.after);
  return backup === undefined ? change : { ...change, backup };
}

/** `--workspace`, else what `.coord.json` here or above within the repository says, else the repository's own name. */
function chooseWorkspace(folder: string, asked: string | undefined): { name: string; asked: boolean } {
  if (asked !== undefined) {
    if (!/^[a-z0-9_-]{1,64}$/.test(asked))
      throw new CliError(`not a workspace name: ${asked}`, { next: "use 1 to 64 of a-z 0-9 - _: coord init --workspace NAME" });
    return { name: asked, asked: true };
  }
  const inherited = inheritedWorkspace(folder);
  return { name: inherited ?? defaultWorkspace(folder), asked: false };
}

function inheritedWorkspace(folder: string): string | undefined {
  let found: ReturnType<typeof projectConfig>;
  try {
    found = projectConfig(folder);
  } catch {
    // A .coord.json that cannot be read: if it is this folder's own, planProject says so; one above does not bind this folder.
    return undefined;
  }
  const root = repository(folder)?.root ?? folder;
  const within = found.path !== undefined && !relative(root, found.path).startsWith("..");
  return within && found.workspace && /^[a-z0-9_-]{1,64}$/.test(found.workspace) ? found.workspace : undefined;
}

/** Claude Code reads CLAUDE.md, and AGENTS.md only where that imports it. */
function claudeNote(folder: string): string[] {
  let text: string | undefined;
  try {
    text = readProjectFile(folder, "CLAUDE.md").text;
  } catch {
    // A link out of the folder or an unreadable file: not ours to touch, hence nothing to advise.
    return [];
  }
  if (text === undefined || text.includes("@AGENTS.md") || text.includes("coord:begin")) return [];
  return ["Claude Code reads CLAUDE.md and not AGENTS.md: add the line @AGENTS.md to it."];
}
