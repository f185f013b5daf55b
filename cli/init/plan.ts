import { isDeepStrictEqual } from "node:util";
import { CliError } from "../errors.ts";
import { withBlock } from "./agents-block.ts";
import { AGENTS_TEXT } from "./agents-text.ts";
import type { ProjectFile } from "./files.ts";
import { NotAnObject, renderJson, setMember } from "./json-edit.ts";
import type { McpEntry } from "./launch.ts";

/** What happens to one file. `kept` has another's content where ours would be; only `--force` replaces that. */
export interface Change {
  readonly file: string;
  readonly path: string;
  readonly action: "created" | "updated" | "unchanged" | "kept";
  readonly before: string | undefined;
  readonly after: string;
  readonly detail: string;
  /** The old text is not in the new one: a copy of it is put aside first. */
  readonly backUp: boolean;
}

/** `.mcp.json`: our entry under `mcpServers`; every other key and server stays as it is, to the letter. */
export function planMcp(file: ProjectFile, entry: McpEntry, force: boolean): Change {
  const read = readObject(file, force);
  if (!read) return fresh(file, { mcpServers: { coord: entry } }, "server coord");
  const servers = read.object.mcpServers;
  const there = isObject(servers) ? servers.coord : undefined;
  if (isDeepStrictEqual(there, entry)) return same(file);
  if (there !== undefined && !force) return { ...same(file), action: "kept", detail: "has another entry coord; --force replaces it" };
  const detail = there === undefined ? "added the server coord" : "replaced the server coord";
  const replaces = there !== undefined || (servers !== undefined && !isObject(servers));
  return { ...edited(file, read.text, ["mcpServers", "coord"], entry, force, detail), backUp: replaces };
}

/** `.coord.json`: the workspace's name. One that is there stays unless another was asked for by name. */
export function planProject(file: ProjectFile, name: string, asked: boolean, force: boolean): Change {
  const read = readObject(file, force);
  if (!read) return fresh(file, { workspace: name }, `workspace ${name}`);
  const there = read.object.workspace;
  if (there === name || (typeof there === "string" && !asked)) return same(file);
  const detail = typeof there === "string" ? `workspace ${there} is now ${name}` : `workspace ${name}`;
  return edited(file, read.text, ["workspace"], name, force, detail);
}

/** `AGENTS.md`: our block between its markers; the rest is its owner's. */
export function planAgents(file: ProjectFile, force: boolean): Change {
  const change = withBlock(file.text, AGENTS_TEXT, force);
  const base = { file: file.name, path: file.path, before: file.text, after: change.text, backUp: false };
  switch (change.action) {
    case "damaged":
      throw new CliError(`${file.name}: ${change.why}; nothing was changed`, {
        next: "mend the markers, or have the block written anew: coord init --force",
      });
    case "kept":
      return { ...base, action: "kept", detail: "the block was edited by hand; --force replaces it" };
    case "unchanged":
      return { ...base, action: "unchanged", detail: "" };
    case "created":
      return { ...base, action: file.text === undefined ? "created" : "updated", detail: "how agents work together" };
    case "updated": {
      const anew = change.replaced !== undefined;
      return { ...base, action: "updated", backUp: anew, detail: anew ? "wrote the block anew" : "wrote the block; the rest is as it was" };
    }
  }
}

/** The file's object, or undefined where a new file is to be written: none there, an empty one, or with force one that cannot be read. */
function readObject(file: ProjectFile, force: boolean): { text: string; object: Record<string, unknown> } | undefined {
  if (file.text === undefined || file.text.trim() === "") return undefined;
  const text = withoutMark(file.text);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    if (force) return undefined;
    throw new CliError(`${file.name} is not valid JSON, nothing was changed: ${(error as Error).message}`, {
      next: `mend ${file.path}, or have it written anew (a copy is kept): coord init --force`,
    });
  }
  if (isObject(parsed)) return { text, object: parsed };
  if (force) return undefined;
  throw blocked(file, "the file");
}

function fresh(file: ProjectFile, content: unknown, detail: string): Change {
  const lost = file.text !== undefined && file.text.trim() !== "";
  return {
    file: file.name,
    path: file.path,
    action: file.text === undefined ? "created" : "updated",
    before: file.text,
    after: renderJson(content),
    detail: lost ? `written anew, ${detail}` : detail,
    backUp: lost,
  };
}

function same(file: ProjectFile): Change {
  return { file: file.name, path: file.path, action: "unchanged", before: file.text, after: file.text ?? "", detail: "", backUp: false };
}

function edited(
  file: ProjectFile,
  text: string,
  path: readonly [string, ...string[]],
  value: unknown,
  force: boolean,
  detail: string,
): Change {
  try {
    const after = markOf(file.text) + setMember(text, path, value, force);
    return { file: file.name, path: file.path, action: "updated", before: file.text, after, detail, backUp: false };
  } catch (error) {
    if (error instanceof NotAnObject) throw blocked(file, error.at.join("."));
    throw error;
  }
}

function blocked(file: ProjectFile, what: string): CliError {
  return new CliError(`${file.name}: ${what} is not a JSON object; nothing was changed`, {
    next: `mend ${file.path}, or have that part written anew (a copy is kept): coord init --force`,
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A byte order mark, which JSON.parse refuses and editors on Windows write. */
function markOf(text: string | undefined): string {
  return text?.startsWith("\ufeff") ? "\ufeff" : "";
}

function withoutMark(text: string): string {
  return text.slice(markOf(text).length);
}
