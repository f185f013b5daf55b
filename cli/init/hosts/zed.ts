import type { Around, Host, ServerFile } from "./host.ts";
import { exists, hasRules, readsAgents } from "./rules.ts";
import { commandEntry, inProject, ofUser, startOf } from "./shapes.ts";

/** Zed reads the first of these that is there, and AGENTS.md only if none is. */
const BEFORE_AGENTS = [".rules", ".cursorrules", ".windsurfrules", ".clinerules", ".github/copilot-instructions.md", "AGENT.md"];

const file = (around: Around): ServerFile => ({
  place: inProject(around, ".zed/settings.json"),
  format: "jsonc",
  path: ["context_servers", "coord"],
});

const hiding = (around: Around): string | undefined => BEFORE_AGENTS.find((name) => exists(around, name));

export const zed: Host = {
  name: "zed",
  title: "Zed",
  inProject: [".zed"],
  commands: ["zed", "zeditor"],
  inHome: [".config/zed", "Library/Application Support/Zed"],
  file,
  files(around) {
    const user = around.platform === "darwin" ? ofUser(around, "Library/Application Support/Zed", "settings.json") : undefined;
    const usual = ofUser(around, ".config/zed", "settings.json", "XDG_CONFIG_HOME");
    return [file(around), ...[user, usual].flatMap((place) => (place ? [{ ...file(around), place }] : []))];
  },
  entry: (around) => ({ source: "custom", ...commandEntry(around, true) }),
  start: (entry) => startOf(entry),
  reach(around) {
    const first = hiding(around);
    if (first === undefined) return readsAgents(around, "zed");
    if (hasRules(around, first)) return { ok: true, by: first };
    return { ok: false, message: `Zed reads ${first} here and not AGENTS.md`, next: `add to ${first}: Read AGENTS.md and follow it.` };
  },
  todo(around) {
    const first = hiding(around);
    return [
      "trust the project when Zed asks",
      ...(first ? [`add to ${first}, which Zed reads in place of AGENTS.md: Read AGENTS.md and follow it.`] : []),
    ];
  },
};
