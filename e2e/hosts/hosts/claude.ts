import { writeJson } from "../files.ts";
import type { Host } from "./host.ts";

const KEY = "sk-ant-nothing-real-0000000000000000000000";

/** Claude Code. In print mode it loads a project's servers and hooks without asking; in a terminal the home says that it was asked. */
export const claude: Host = {
  id: "claude",
  title: "Claude Code",
  package: "@anthropic-ai/claude-code",
  version: "2.1.330",
  bin: "claude",
  wire: "anthropic",
  naming: { prefix: "mcp__coord__", meanwhile: { tool: "Bash", args: { command: "sleep 1" } } },
  allowed: "`-p` asks nothing; for the terminal, trust in the folder and `enableAllProjectMcpServers`; `--allowedTools mcp__coord__*`",
  atHome({ home, project }) {
    writeJson(home, ".claude.json", {
      hasCompletedOnboarding: true,
      customApiKeyResponses: { approved: [KEY.slice(-20)], rejected: [] },
      projects: { [project]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
    });
    writeJson(home, ".claude/settings.json", { enableAllProjectMcpServers: true });
  },
  env: (_rooms, modelUrl) => ({
    ANTHROPIC_BASE_URL: modelUrl,
    ANTHROPIC_API_KEY: KEY,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
  }),
  headless: (prompt) => ["-p", prompt, "--output-format", "stream-json", "--verbose", "--allowedTools", "mcp__coord__*", "Bash(sleep 1)"],
  interactive: (prompt) => [prompt, "--allowedTools", "mcp__coord__*"],
};
