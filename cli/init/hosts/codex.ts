import { posix } from "node:path";
import { parseToml, type Table, tableAt } from "../edit/toml.ts";
import { codexWake } from "../wake.ts";
import { repository } from "../workspace-name.ts";
import type { Around, Host, ServerFile } from "./host.ts";
import { readsAgents } from "./rules.ts";
import { commandEntry, inProject, ofUser, startOf } from "./shapes.ts";

/** Codex gives a tool call up after this many seconds whatever progress it reports; `coord mcp` answers a wait before (cli/mcp's table of hosts). */
export const CODEX_TOOL_SECONDS = 300;

/** Codex starts servers with few of the user's variables; these say which board and who. */
const VARIABLES = ["COORD_AS", "COORD_DB", "COORD_TOKEN", "COORD_URL", "COORD_WORKSPACE", "XDG_DATA_HOME"];

/** Codex reads no more than this much of AGENTS.md, in bytes, unless its configuration says otherwise. */
const RULES_BYTES = 32 * 1024;

const PATH = ["mcp_servers", "coord"] as const;
const projectFile = (around: Around): ServerFile => ({ place: inProject(around, ".codex/config.toml"), format: "toml", path: [...PATH] });
const userFile = (around: Around) => ofUser(around, ".codex", "config.toml", "CODEX_HOME");

/** The command that makes Codex trust a project, typed in its folder; whether Codex has ever run or not. */
function trustCommand(around: Around): string {
  const file = userFile(around)?.name ?? "~/.codex/config.toml";
  // a word that the shell takes as it is stands without quotes: within them it would not open a ~
  const word = (path: string): string => (/^[\w./~@%+,=:-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);
  const table = `printf '\\n[projects."%s"]\\ntrust_level = "trusted"\\n' "$(pwd -P)"`;
  return `\n  mkdir -p ${word(posix.dirname(file))} && ${table} >> ${word(file)}`;
}

/** Codex looks a project up by its folder and by its repository. */
function isTrusted(around: Around): boolean | undefined {
  const file = userFile(around);
  if (!file) return undefined;
  try {
    const projects = parseToml(around.read(file) ?? "").projects;
    const own = repository(around.folder);
    const folders = [around.folder, own?.root, own?.home];
    return folders.some(
      (folder) => folder !== undefined && (tableAt({ projects }, ["projects", folder]) as Table | undefined)?.trust_level === "trusted",
    );
  } catch {
    // Its own file that it cannot read either: Codex says so.
    return undefined;
  }
}

export const codex: Host = {
  name: "codex",
  title: "Codex",
  inProject: [".codex"],
  commands: ["codex"],
  inHome: [".codex"],
  file: projectFile,
  files(around) {
    const user = userFile(around);
    return [projectFile(around), ...(user ? [{ place: user, format: "toml" as const, path: [...PATH] as [string, ...string[]] }] : [])];
  },
  entry: (around) => ({ ...commandEntry(around, false), env_vars: VARIABLES, tool_timeout_sec: CODEX_TOOL_SECONDS }),
  start: (entry) => startOf(entry),
  limit: { field: "tool_timeout_sec", least: CODEX_TOOL_SECONDS },
  reach(around) {
    if (around.read(inProject(around, "AGENTS.override.md"))?.trim())
      return {
        ok: false,
        message: "Codex reads AGENTS.override.md here and not AGENTS.md",
        next: "move coord's block from AGENTS.md to AGENTS.override.md, or remove that file",
      };
    const text = around.read(inProject(around, "AGENTS.md")) ?? "";
    const end = text.indexOf("<!-- coord:end -->");
    if (end !== -1 && Buffer.byteLength(text.slice(0, end)) > RULES_BYTES)
      return {
        ok: false,
        message: "Codex reads the first 32 KiB of AGENTS.md, and coord's block lies beyond",
        next: "move the block to the top of AGENTS.md",
      };
    return readsAgents(around, "codex");
  },
  todo(around) {
    if (isTrusted(around)) return ["restart codex where it runs here"];
    return [`trust the project, or Codex ignores its .codex: say yes when codex asks, or:${trustCommand(around)}`];
  },
  consent(around) {
    if (isTrusted(around) !== false) return undefined;
    return {
      level: "warn",
      message: "Codex does not trust this project, so it ignores .codex/config.toml",
      next: `run codex here and say yes, or:${trustCommand(around)}`,
    };
  },
  wake: codexWake,
};
