import type { Around, Host, ServerFile } from "./host.ts";
import { readsAgents } from "./rules.ts";
import { commandEntry, ofUser, startOf } from "./shapes.ts";

/** Windsurf has no file in a project: this one holds for all of the user's. */
function file(around: Around): ServerFile | undefined {
  const place = ofUser(around, ".codeium/windsurf", "mcp_config.json");
  return place && { place, format: "jsonc", path: ["mcpServers", "coord"] };
}

export const windsurf: Host = {
  name: "windsurf",
  title: "Windsurf",
  inProject: [".windsurf", ".windsurfrules"],
  commands: ["windsurf"],
  inHome: [".codeium/windsurf"],
  file,
  files: (around) => [file(around)].flatMap((one) => (one ? [one] : [])),
  entry: (around) => commandEntry(around, true, around.userWords),
  start: (entry) => startOf(entry, { url: ["serverUrl", "url"] }),
  reach: (around) => readsAgents(around, "windsurf"),
  todo: (around) => [
    "press Refresh in Windsurf's MCP settings",
    `its one file serves every project of yours: there, coord speaks to the board ${around.workspace}`,
  ],
};
