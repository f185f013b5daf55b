import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The suites that cross processes drive the built program, as users do: it is built once before they start. */
export default function setup(): void {
  // a build that lies elsewhere was made by whoever set this
  if (process.env.COORD_TEST_DIST) return;
  execFileSync(process.execPath, [fileURLToPath(new URL("../../scripts/build.mjs", import.meta.url))], { stdio: "inherit" });
}
