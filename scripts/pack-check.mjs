// Packs the program as npm would publish it, installs the tarball into an empty folder with an empty HOME, and uses it there:
// a server in the background, a task sent, claimed and completed, the server stopped. Run with the Node on PATH, which is what
// users have, not the one that npm puts in front.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "coord-pack-"));
const path = (process.env.PATH ?? "")
  .split(delimiter)
  .filter((entry) => !entry.includes("node_modules"))
  .join(delimiter);

function run(command, args, options = {}) {
  const home = join(folder, "home");
  const env = { ...process.env, PATH: path, HOME: home, ...options.env };
  for (const name of Object.keys(env)) if (/^(npm_|COORD_)/.test(name) && !options.env?.[name]) delete env[name];
  return execFileSync(command, args, {
    cwd: folder,
    encoding: "utf8",
    timeout: 240_000,
    stdio: ["ignore", "pipe", "inherit"],
    ...options,
    env,
  });
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

try {
  mkdirSync(join(folder, "home"));
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  const project = join(folder, "project");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{"private":true}\n');
  run("npm", ["install", "--silent", "--no-audit", "--no-fund", join(folder, tarball)], { cwd: project });

  const env = { COORD_ADDR: `127.0.0.1:${await freePort()}`, COORD_DB: join(folder, "data"), COORD_AS: "pack-check" };
  const coord = (...args) =>
    JSON.parse(run("node", [join(project, "node_modules/coord/dist/cli/coord.js"), ...args, "--json"], { cwd: project, env }));
  try {
    coord("serve", "--detach");
    const sent = coord("send", "packed and installed");
    coord("claim", sent.id);
    coord("complete", sent.id, "--result", '{"ok":true}');
    const got = coord("get", sent.id);
    if (got.state !== "completed" || got.claimed_by !== "pack-check") throw new Error(`not completed: ${JSON.stringify(got)}`);
  } finally {
    coord("stop");
  }
  console.log(`the packed program (${tarball}) installs into an empty folder and serves, on Node ${run("node", ["--version"]).trim()}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
