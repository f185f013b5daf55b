import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { block } from "../../cli/init/agents-block.ts";
import { AGENTS_TEXT } from "../../cli/init/agents-text.ts";
import { type InitOptions, type InitOutcome, init } from "../../cli/init/run.ts";
import { temporaryFolder } from "../harness/server.ts";

/** The name of a file, `~/` for one in the user's home, and its text. */
export type Files = Record<string, string>;

/** A project's folder, a home and a machine with nothing but coord on its PATH, for init to work on. */
export class TestProject {
  readonly root = temporaryFolder();
  readonly folder = join(this.root, "Shop");
  readonly home = join(this.root, "home");
  readonly dataFolder = join(this.root, "data");
  readonly bin = join(this.root, "bin");

  constructor(files: Files = {}) {
    for (const folder of [join(this.folder, ".git"), this.home, this.bin]) mkdirSync(folder, { recursive: true });
    this.install("coord");
    this.write(files);
  }

  /** Puts a program of this name on the PATH. */
  install(name: string): void {
    writeFileSync(join(this.bin, name), "#!/bin/sh\n");
    chmodSync(join(this.bin, name), 0o755);
  }

  path(name: string): string {
    return name.startsWith("~/") ? join(this.home, name.slice(2)) : join(this.folder, name);
  }

  write(files: Files): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(this.path(name)), { recursive: true });
      writeFileSync(this.path(name), text);
    }
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  exists(name: string): boolean {
    return existsSync(this.path(name));
  }

  init(more: Partial<InitOptions> = {}): InitOutcome {
    return init({
      folder: this.folder,
      mcp: true,
      agents: true,
      force: false,
      dryRun: false,
      program: join(this.root, "coord.js"),
      node: "/node",
      path: this.bin,
      home: this.home,
      dataFolder: this.dataFolder,
      env: {},
      ...more,
    });
  }

  /** Every file of the project and of the home, with its text. */
  files(): Files {
    return Object.fromEntries([...walk(this.folder, "", ".git"), ...walk(this.home, "~/")]);
  }

  /** Every folder, empty ones too. */
  folders(): string[] {
    return [...folders(this.folder, ".git"), ...folders(this.home)].sort();
  }

  /** When each file was last written, in milliseconds. */
  times(): Record<string, number> {
    return Object.fromEntries(Object.keys(this.files()).map((name) => [name, statSync(this.path(name)).mtimeMs]));
  }
}

export const actions = (outcome: InitOutcome): Record<string, string> =>
  Object.fromEntries(outcome.changes.map((change) => [change.file, change.action]));

function* walk(folder: string, prefix: string, without = ""): Generator<[string, string]> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.name === without) continue;
    if (entry.isDirectory()) yield* walk(path, `${prefix}${entry.name}/`);
    else yield [`${prefix}${entry.name}`, readFileSync(path, "utf8")];
  }
}

function* folders(folder: string, without = ""): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === without) continue;
    const path = join(folder, entry.name);
    yield path;
    yield* folders(path);
  }
}

/** Several files as one text, for a golden file. Each ends with a newline. */
export function pack(files: Files): string {
  return Object.entries(files)
    .map(([name, text]) => `--- ${name}\n${withoutRules(text)}`)
    .join("");
}

export function unpack(text: string): Files {
  const parts = text.split(/^--- (\S+)\n/m).slice(1);
  return Object.fromEntries(parts.flatMap((part, index) => (index % 2 === 0 ? [[part, parts[index + 1]!]] : [])));
}

/** The rules' own text has a test of its own: its wording must not change every golden file. */
function withoutRules(text: string): string {
  return text
    .replace(block(AGENTS_TEXT), "<!-- coord:begin -->\n(the rules)\n<!-- coord:end -->")
    .replace(/<!-- coord:begin [0-9a-f]{12} .*-->/, "<!-- coord:begin -->");
}
