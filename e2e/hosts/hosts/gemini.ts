import { writeJson } from "../files.ts";
import type { Host } from "./host.ts";

/** Gemini CLI. Without a terminal it loads a project's servers only where the environment says that the workspace is trusted. */
export const gemini: Host = {
  id: "gemini",
  title: "Gemini CLI",
  package: "@google/gemini-cli",
  version: "0.61.0",
  bin: "gemini",
  wire: "gemini",
  naming: { prefix: "mcp_coord_", meanwhile: { tool: "run_shell_command", args: { command: "sleep 1" } } },
  allowed: "`GEMINI_CLI_TRUST_WORKSPACE=true`, in place of its question; `--approval-mode yolo`",
  atHome({ home }) {
    writeJson(home, ".gemini/settings.json", {
      security: { auth: { selectedType: "gemini-api-key" } },
      privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false },
      general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
    });
  },
  env: (_rooms, modelUrl) => ({ GEMINI_API_KEY: "nothing-real", GOOGLE_GEMINI_BASE_URL: modelUrl, GEMINI_CLI_TRUST_WORKSPACE: "true" }),
  // a model by name: "auto" asks another model first which one to ask
  headless: (prompt) => ["-m", "gemini-2.5-flash", "-p", prompt, "--approval-mode", "yolo", "-o", "stream-json"],
  interactive: (prompt) => ["-m", "gemini-2.5-flash", "-i", prompt, "--approval-mode", "yolo"],
};
