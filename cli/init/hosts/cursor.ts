import { block } from "../parts.ts";
import { cursorWake } from "../wake.ts";
import type { Around, Host, ServerFile } from "./host.ts";
import { hasRules, readsAgents } from "./rules.ts";
import { commandEntry, inProject, ofUser, startOf } from "./shapes.ts";

const RULE = ".cursor/rules/coord.mdc";
const HEAD = "---\ndescription: How the agents of this project share one board\nalwaysApply: true\n---\n\n";
const BODY = `Other agents may be working on this project right now. Before you change a
file, follow the section "Working beside other agents: coord" of @AGENTS.md`;

const file = (around: Around): ServerFile => ({
  place: inProject(around, ".cursor/mcp.json"),
  format: "jsonc",
  path: ["mcpServers", "coord"],
});

export const cursor: Host = {
  name: "cursor",
  title: "Cursor",
  inProject: [".cursor", ".cursorrules"],
  commands: ["cursor", "cursor-agent"],
  inHome: [".cursor"],
  file,
  files(around) {
    const user = ofUser(around, ".cursor", "mcp.json");
    return [file(around), ...(user ? [{ ...file(around), place: user }] : [])];
  },
  entry: (around) => commandEntry(around, true),
  start: (entry) => startOf(entry),
  rules: (around) => [
    { place: inProject(around, RULE), part: block({ id: "rules", body: BODY, head: HEAD, label: "rule that points to AGENTS.md" }) },
  ],
  reach(around) {
    const rules = readsAgents(around, "cursor");
    return rules.ok && hasRules(around, RULE) ? { ok: true, by: `${RULE} and AGENTS.md` } : rules;
  },
  todo: () => ["switch coord on under Settings > MCP (cursor-agent: --approve-mcps)"],
  wake: cursorWake,
};
