import { opencodeWake } from "../wake.ts";
import type { Around, Host, ServerFile } from "./host.ts";
import { exists, readsAgents } from "./rules.ts";
import { inProject, mcpWords, ofUser, startOf } from "./shapes.ts";

const NAMES = ["opencode.jsonc", "opencode.json"];

/** The one that is there, else opencode.json. */
function file(around: Around): ServerFile {
  const name = NAMES.find((one) => exists(around, one)) ?? "opencode.json";
  return { place: inProject(around, name), format: "jsonc", path: ["mcp", "coord"], head: { $schema: "https://opencode.ai/config.json" } };
}

export const opencode: Host = {
  name: "opencode",
  title: "opencode",
  inProject: ["opencode.json", "opencode.jsonc", ".opencode"],
  commands: ["opencode"],
  inHome: [".config/opencode"],
  file,
  files(around) {
    const users = NAMES.map((name) => ofUser(around, ".config/opencode", name, "XDG_CONFIG_HOME"));
    return [
      ...NAMES.map((name) => ({ ...file(around), place: inProject(around, name) })),
      ...users.flatMap((place) => (place ? [{ ...file(around), place }] : [])),
    ];
  },
  entry: (around) => ({ type: "local", command: [...around.words, ...mcpWords(around, false)], enabled: true }),
  start: (entry) => startOf(entry, { env: "environment" }),
  reach: (around) => readsAgents(around, "opencode"),
  todo: () => ["restart opencode where it runs here"],
  wake: opencodeWake,
};
