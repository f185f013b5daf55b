import { claude } from "./claude.ts";
import type { Around, Host, ServerFile } from "./host.ts";
import { readsAgents } from "./rules.ts";
import { inProject, ofUser, startOf } from "./shapes.ts";

/** The same file and entry as Claude Code's: Copilot CLI passes over a field that it does not know (seen with 1.0.102). */
const file = (around: Around): ServerFile => ({ place: inProject(around, ".mcp.json"), format: "json", path: ["mcpServers", "coord"] });

export const copilot: Host = {
  name: "copilot",
  title: "Copilot CLI",
  inProject: [".github/mcp.json", ".github/copilot-instructions.md"],
  commands: ["copilot"],
  inHome: [".copilot"],
  file,
  files(around) {
    const user = ofUser(around, ".copilot", "mcp-config.json", "COPILOT_HOME");
    const places = [inProject(around, ".mcp.json"), inProject(around, ".github/mcp.json"), ...(user ? [user] : [])];
    return places.map((place) => ({ ...file(around), place }));
  },
  entry: claude.entry,
  earlier: claude.earlier!,
  start: (entry) => startOf(entry),
  reach: (around) => readsAgents(around, "copilot"),
  todo: () => ["trust the folder when copilot asks"],
};
