import type { Around, Host, ServerFile } from "./host.ts";
import { readsAgents } from "./rules.ts";
import { commandEntry, inProject, ofUser, startOf } from "./shapes.ts";

const file = (around: Around): ServerFile => ({
  place: inProject(around, ".vscode/mcp.json"),
  format: "jsonc",
  path: ["servers", "coord"],
});

/** The default profile's file. */
function userFile(around: Around) {
  const folder = { darwin: "Library/Application Support/Code/User", win32: "AppData/Roaming/Code/User" }[
    around.platform as "darwin" | "win32"
  ];
  return ofUser(around, folder ?? ".config/Code/User", "mcp.json");
}

export const vscode: Host = {
  name: "vscode",
  title: "VS Code",
  inProject: [".vscode"],
  commands: ["code", "code-insiders"],
  inHome: [".vscode"],
  file,
  files(around) {
    const user = userFile(around);
    return [file(around), ...(user ? [{ ...file(around), place: user }] : [])];
  },
  entry: (around) => ({ type: "stdio", ...commandEntry(around, true) }),
  start: (entry) => startOf(entry),
  reach: (around) => readsAgents(around, "vscode"),
  todo: () => ["open .vscode/mcp.json, press Start above coord, and trust it"],
};
