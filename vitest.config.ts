import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // the tests wait more than they work: for leases, for processes, for each other
    maxWorkers: 2,
    projects: [
      {
        plugins: [
          cloudflareTest({
            main: "./worker/index.ts",
            miniflare: {
              compatibilityDate: "2026-04-21",
              compatibilityFlags: ["nodejs_compat", "enable_request_signal"],
              // tests/harness/seed.ts reads it inside the pool as well
              bindings: { COORD_LOCAL: "1", ...(process.env.COORD_SEED === undefined ? {} : { COORD_SEED: process.env.COORD_SEED }) },
              durableObjects: { WORKSPACE: { className: "Workspace", useSQLite: true } },
            },
          }),
        ],
        test: {
          name: "object",
          setupFiles: ["tests/harness/seed.ts"],
          include: ["worker/**/*.test.ts"],
          testTimeout: 20_000,
          // as one file each: every test file is a new runtime, which loads them anew
          deps: {
            optimizer: { ssr: { enabled: true, include: ["zod", "hono", "@a2a-js/sdk", "@modelcontextprotocol/server", "fast-check"] } },
          },
        },
      },
      {
        test: {
          name: "processes",
          setupFiles: ["tests/harness/seed.ts"],
          include: ["{protocol,mcp,cli,vault-sync,tests,bench,e2e}/**/*.test.{ts,tsx}"],
          globalSetup: ["tests/harness/build.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
});
