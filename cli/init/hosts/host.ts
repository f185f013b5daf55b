import type { FilePart, Place } from "../parts.ts";

export type HostName = "claude" | "codex" | "gemini" | "cursor" | "vscode" | "opencode" | "zed" | "windsurf" | "copilot";

/** What a host's parts are planned from. */
export interface Around {
  /** The project's folder, links resolved. */
  readonly folder: string;
  /** The user's home folder; undefined where user files must not be touched. */
  readonly home: string | undefined;
  readonly workspace: string;
  /** How a host that runs in the project starts coord, without `mcp`. */
  readonly words: readonly string[];
  /** The same for a file of the user's, which is read wherever the host runs. */
  readonly userWords: readonly string[];
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A file's text as it is now, or as the plan has it so far; undefined where there is none. */
  read(place: Place): string | undefined;
}

/** Where a host keeps its MCP servers. */
export interface ServerFile {
  readonly place: Place;
  readonly format: "json" | "jsonc" | "toml";
  /** The names that lead to coord's entry. */
  readonly path: readonly [string, ...string[]];
  /** What a new file starts with, because the host would write it there itself. */
  readonly head?: Readonly<Record<string, unknown>>;
}

/** An entry as doctor starts it. */
export interface Start {
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Whether the rules reach the host's model, and if not what to do. */
export type Reach = { readonly ok: true; readonly by: string } | { readonly ok: false; readonly message: string; readonly next: string };

/** One agent's host: where it is configured, in which shape, and what its user must still do. */
export interface Host {
  readonly name: HostName;
  readonly title: string;
  /** Its signs in a project, files or folders. */
  readonly inProject: readonly string[];
  /** Its programs. */
  readonly commands: readonly string[];
  /** Its signs in the user's home. */
  readonly inHome: readonly string[];
  /** The file that init writes; the user's only where the host has none in a project. Undefined: the user's, and there is no home. */
  file(around: Around): ServerFile | undefined;
  /** Every file that an entry of the host's may be in, for doctor. */
  files(around: Around): readonly ServerFile[];
  entry(around: Around): Readonly<Record<string, unknown>>;
  /** Entries that coord wrote before: they are coord's as well, and replaced. */
  earlier?(around: Around): readonly Readonly<Record<string, unknown>>[];
  start(entry: Readonly<Record<string, unknown>>): Start;
  /** The entry's field by which the host cuts a tool call off, and the least that lets `coord mcp` answer its longest wait before. */
  readonly limit?: { readonly field: string; readonly least: number };
  /** Parts by which the host reads AGENTS.md, where it does not by itself. */
  rules?(around: Around): readonly FilePart[];
  reach(around: Around): Reach;
  /** What the user must do before the host uses the entry, each a sentence. */
  todo(around: Around): readonly string[];
  /** What doctor finds out about the host's own consent: trust, approval. Undefined: nothing known to be wrong. */
  consent?(around: Around): { readonly level: "warn" | "fail"; readonly message: string; readonly next: string } | undefined;
  /** Parts that wake an idle agent, and what the user must do for them. */
  wake?(around: Around): { readonly parts: readonly FilePart[]; readonly todo: readonly string[] };
}
