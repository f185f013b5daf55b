import { writeJson } from "../files.ts";
import type { Host } from "./host.ts";

/** opencode, with a provider of its own bundle: nothing is downloaded. */
export const opencode: Host = {
  id: "opencode",
  title: "opencode",
  package: "opencode-ai",
  version: "1.18.33",
  bin: "opencode",
  wire: "openai-chat",
  naming: { prefix: "coord_", meanwhile: { tool: "bash", args: { command: "sleep 1", description: "waits a second" } } },
  allowed: "nothing; `--auto` for `opencode run`",
  atHome({ home }, modelUrl) {
    writeJson(home, ".config/opencode/opencode.json", {
      autoupdate: false,
      share: "disabled",
      model: "scripted/scripted",
      small_model: "scripted/scripted",
      provider: {
        scripted: {
          npm: "@ai-sdk/openai-compatible",
          name: "scripted",
          options: { baseURL: `${modelUrl}/v1`, apiKey: "nothing-real" },
          models: { scripted: { name: "scripted", tool_call: true, limit: { context: 200_000, output: 8_000 } } },
        },
      },
    });
  },
  env: () => ({ OPENCODE_DISABLE_MODELS_FETCH: "1", OPENCODE_DISABLE_AUTOUPDATE: "1", OPENCODE_DISABLE_LSP_DOWNLOAD: "1" }),
  headless: (prompt) => ["run", prompt, "--format", "json", "--auto"],
  interactive: (prompt) => ["--prompt", prompt],
};
