import { writeText } from "../files.ts";
import type { Host } from "./host.ts";

/** Codex. It reads a project's configuration only where the user's own file trusts the project. */
export const codex: Host = {
  id: "codex",
  title: "Codex",
  package: "@openai/codex",
  version: "0.169.0",
  bin: "codex",
  wire: "openai-responses",
  naming: { namespace: "mcp__coord", prefix: "", meanwhile: { tool: "exec_command", args: { cmd: "sleep 1" } } },
  allowed: '`trust_level = "trusted"` for the project; for the hooks `--dangerously-bypass-hook-trust`, in place of `/hooks`',
  atHome({ home, project }, modelUrl) {
    writeText(
      home,
      ".codex/config.toml",
      `model = "scripted"
model_provider = "scripted"
check_for_update_on_startup = false

[model_providers.scripted]
name = "scripted"
base_url = "${modelUrl}/v1"
wire_api = "responses"
env_key = "SCRIPTED_KEY"

[analytics]
enabled = false

[projects."${project}"]
trust_level = "trusted"
`,
    );
  },
  env: () => ({ SCRIPTED_KEY: "nothing-real" }),
  headless: (prompt) => ["exec", "--json", prompt],
  interactive: (prompt) => [prompt],
  trustHooks: ["--dangerously-bypass-hook-trust"],
};
