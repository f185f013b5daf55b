// Builds dist/: the worker as one module (the same bytes run under `coord serve` and `wrangler deploy`)
// and the program, split so that `coord claim` loads neither ink nor MCP nor the server.
// `node scripts/build.mjs FOLDER` makes it elsewhere, so that a build may be tried beside a running one.
import { readFileSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { build } from "esbuild";
import { builtins } from "./builtins.mjs";
import { together } from "./together.mjs";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const root = new URL("..", import.meta.url).pathname;
const define = { COORD_VERSION: JSON.stringify(version) };

const out = resolve(process.argv[2] ?? `${root}dist`);
rmSync(out, { recursive: true, force: true });

// for CommonJS libraries; made when one asks for it, since most chunks hold none
const REQUIRE =
  'import { createRequire as __coordRequire } from "node:module"; let __coordRequired; ' +
  "const require = (id) => (__coordRequired ??= __coordRequire(import.meta.url))(id);";

await Promise.all([
  build({
    absWorkingDir: root,
    entryPoints: ["worker/index.ts"],
    outfile: `${out}/worker/index.js`,
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    legalComments: "linked",
    define,
  }),
  build({
    absWorkingDir: root,
    entryPoints: { coord: "cli/main.ts" },
    outdir: `${out}/cli`,
    plugins: [builtins, together(`${root}cli/light.ts`)],
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    minifySyntax: true,
    minifyWhitespace: true,
    // ink looks for its devtools only where DEV=true
    external: ["workerd", "bufferutil", "utf-8-validate", "react-devtools-core"],
    banner: { js: REQUIRE },
    legalComments: "linked",
    // its main file asks for its own parts by names that no bundler sees
    alias: { "jsonc-parser": "jsonc-parser/lib/esm/main.js" },
    define: { ...define, "process.env.NODE_ENV": '"production"', "process.env.DEV": '"false"' },
  }),
]);
