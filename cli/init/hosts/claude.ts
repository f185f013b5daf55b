import { claudeWake } from "../wake.ts";
import type { Around, Host } from "./host.ts";
import { hasRules, importPart, imports, readsAgents } from "./rules.ts";
import { commandEntry, inProject, ofUser, startOf, valuesOf } from "./shapes.ts";

/** Claude Code's own rules files: only where each of them is missing or empty does it read AGENTS.md by itself (seen with 2.1.330). */
const MEMORIES = ["CLAUDE.md", ".claude/CLAUDE.md", "CLAUDE.local.md"];

/** The one that init makes import AGENTS.md, so that it is read whatever the version and whatever is written into these later. */
function memory(around: Around): { name: string; line: string } {
  const has = (name: string): boolean => around.read(inProject(around, name)) !== undefined;
  return !has("CLAUDE.md") && has(".claude/CLAUDE.md")
    ? { name: ".claude/CLAUDE.md", line: "@../AGENTS.md" }
    : { name: "CLAUDE.md", line: "@AGENTS.md" };
}

const SETTINGS = [".claude/settings.json", ".claude/settings.local.json"];

/**
 * What the user said about this project's servers, wherever Claude Code keeps it. A yes in the project's own files, or about the project,
 * counts once the folder is trusted; one in the user's settings always does; a no counts anywhere.
 */
function answer(around: Around): "yes" | "no" | undefined {
  const projects = valuesOf(around, userFile(around)).projects as Record<string, unknown> | undefined;
  const about = (projects?.[around.folder] ?? {}) as Record<string, unknown>;
  const own = [...SETTINGS.map((name) => valuesOf(around, inProject(around, name))), about];
  const user = valuesOf(around, ofUser(around, ".claude", "settings.json", "CLAUDE_CONFIG_DIR"));
  const names = (one: Record<string, unknown>, key: string): boolean => Array.isArray(one[key]) && one[key].includes("coord");
  if ([...own, user].some((one) => names(one, "disabledMcpjsonServers"))) return "no";
  const counted = about.hasTrustDialogAccepted === true ? [...own, user] : [user];
  return counted.some((one) => one.enableAllProjectMcpServers === true || names(one, "enabledMcpjsonServers")) ? "yes" : undefined;
}

const userFile = (around: Around) => ofUser(around, "", ".claude.json", "CLAUDE_CONFIG_DIR");

export const claude: Host = {
  name: "claude",
  title: "Claude Code",
  inProject: ["CLAUDE.md", "CLAUDE.local.md", ".claude"],
  commands: ["claude"],
  inHome: [".claude", ".claude.json"],
  file: (around) => ({ place: inProject(around, ".mcp.json"), format: "json", path: ["mcpServers", "coord"] }),
  files(around) {
    const user = userFile(around);
    const own = { place: inProject(around, ".mcp.json"), format: "json", path: ["mcpServers", "coord"] } as const;
    if (!user) return [own];
    return [
      own,
      { place: user, format: "json", path: ["mcpServers", "coord"] },
      { place: user, format: "json", path: ["projects", around.folder, "mcpServers", "coord"] },
    ];
  },
  // without alwaysLoad the model is shown the tools' names only, and a first turn does not wait for them (seen with 2.1.330)
  entry: (around) => ({ ...commandEntry(around, false), alwaysLoad: true }),
  earlier: (around) => [commandEntry(around, false)],
  start: (entry) => startOf(entry),
  limit: { field: "timeout", least: 1_800_000 },
  rules(around) {
    const { name, line } = memory(around);
    return importPart(around, name, line);
  },
  reach(around) {
    if (MEMORIES.every((one) => !around.read(inProject(around, one))?.trim())) return readsAgents(around, "claude");
    const { name, line } = memory(around);
    if (hasRules(around, name) && !imports(around.read(inProject(around, name)) ?? "", line)) return { ok: true, by: name };
    const local = ["CLAUDE.local.md", name].find((one) => imports(around.read(inProject(around, one)) ?? "", line));
    if (local === undefined)
      return { ok: false, message: `${name} does not import AGENTS.md, so Claude Code does not read it`, next: "coord init --for claude" };
    const rules = readsAgents(around, "claude");
    return rules.ok ? { ok: true, by: `${local}, which imports AGENTS.md` } : rules;
  },
  todo: () => ["start claude here and approve the server coord when it asks (claude -p does not ask)"],
  consent(around) {
    const said = answer(around);
    if (said === "no")
      return { level: "fail", message: "Claude Code was told not to use this project's coord", next: "claude mcp reset-project-choices" };
    if (said === "yes" || around.home === undefined) return undefined;
    return {
      level: "warn",
      message: "Claude Code has not been allowed to use it yet",
      next: "start claude here and approve the server coord",
    };
  },
  wake: claudeWake,
};
