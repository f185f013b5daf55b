import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { jsonMember } from "../json-parts.ts";
import type { FilePart } from "../parts.ts";
import { geminiWake } from "../wake.ts";
import type { Around, Host, ServerFile } from "./host.ts";
import { hasRules, importPart, imports, readsAgents } from "./rules.ts";
import { commandEntry, inProject, ofUser, startOf, valuesOf } from "./shapes.ts";

/** Gemini CLI gives a tool call up after this many milliseconds whatever progress it reports; `coord mcp` answers a wait before. */
export const GEMINI_TOOL_MS = 600_000;

const FILE_NAMES = ["AGENTS.md", "GEMINI.md"];
/** How a Gemini file imports another. */
const IMPORT = "@./AGENTS.md";

const settings = (around: Around) => inProject(around, ".gemini/settings.json");

/** The names of the files that it reads as rules, where its settings say so. */
function fileNames(around: Around): string[] | undefined {
  const { context } = valuesOf(around, settings(around)) as { context?: { fileName?: unknown } };
  const named = context?.fileName;
  if (typeof named === "string") return [named];
  return Array.isArray(named) ? named.map(String) : undefined;
}

/** The place of a trusted folder, or of a folder whose parent is, in its list. */
function trust(around: Around): "trusted" | "refused" | undefined {
  const list = valuesOf(around, ofUser(around, ".gemini", "trustedFolders.json"));
  for (let folder = around.folder; ; folder = dirname(folder)) {
    const said = list[folder];
    if (said === "DO_NOT_TRUST") return "refused";
    if (said === "TRUST_FOLDER" || said === "TRUST_PARENT") return "trusted";
    if (Object.entries(list).some(([path, one]) => one === "TRUST_PARENT" && dirname(path) === folder)) return "trusted";
    if (dirname(folder) === folder) return undefined;
  }
}

const file = (around: Around): ServerFile => ({ place: settings(around), format: "jsonc", path: ["mcpServers", "coord"] });

export const gemini: Host = {
  name: "gemini",
  title: "Gemini CLI",
  inProject: [".gemini", "GEMINI.md"],
  commands: ["gemini"],
  inHome: [".gemini/settings.json", ".gemini/oauth_creds.json"],
  file,
  files(around) {
    const user = ofUser(around, ".gemini", "settings.json");
    return [file(around), ...(user ? [{ ...file(around), place: user }] : [])];
  },
  entry: (around) => ({ ...commandEntry(around, false), timeout: GEMINI_TOOL_MS }),
  start: (entry) => startOf(entry, { url: ["httpUrl", "url"] }),
  limit: { field: "timeout", least: GEMINI_TOOL_MS },
  rules(around): FilePart[] {
    const names = fileNames(around);
    if (names === undefined || isDeepStrictEqual(names, FILE_NAMES)) {
      const part = jsonMember({ id: "context", path: ["context", "fileName"], value: FILE_NAMES, label: "rules file AGENTS.md" });
      return [{ place: settings(around), part }];
    }
    return names.includes("AGENTS.md") ? [] : importPart(around, names[0] ?? "GEMINI.md", IMPORT);
  },
  reach(around) {
    const names = fileNames(around) ?? ["GEMINI.md"];
    if (names.includes("AGENTS.md")) return readsAgents(around, "gemini");
    const name = names.find((one) => imports(around.read(inProject(around, one)) ?? "", IMPORT) || hasRules(around, one));
    if (name === undefined)
      return { ok: false, message: `Gemini CLI reads ${names.join(", ")} here and not AGENTS.md`, next: "coord init --for gemini" };
    return imports(around.read(inProject(around, name)) ?? "", IMPORT) ? readsAgents(around, "gemini") : { ok: true, by: name };
  },
  todo: () => ["trust the folder when gemini asks; gemini -p needs GEMINI_CLI_TRUST_WORKSPACE=true"],
  consent(around) {
    if (around.home === undefined || around.env.GEMINI_CLI_TRUST_WORKSPACE === "true") return undefined;
    const said = trust(around);
    if (said === "trusted") return undefined;
    return {
      level: "warn",
      message:
        said === "refused" ? "Gemini CLI was told not to trust this folder" : "Gemini CLI has not been told to trust this folder yet",
      next:
        said === "refused"
          ? "type /permissions in gemini"
          : "start gemini here and trust it; for gemini -p: export GEMINI_CLI_TRUST_WORKSPACE=true",
    };
  },
  wake: geminiWake,
};
