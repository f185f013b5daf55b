import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { PROGRAM, runCoord, startServer } from "../harness/server.ts";
import { TestProject } from "./project.ts";

interface Report {
  ok: boolean;
  checks: { name: string; level: string; message: string; next?: string; host?: string; file?: string }[];
}

/** A project whose machine has this build as `coord`, and no agent's host. */
function project(files: Record<string, string> = {}): TestProject & { env: Record<string, string> } {
  const made = new TestProject(files);
  writeFileSync(join(made.bin, "coord"), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`);
  chmodSync(join(made.bin, "coord"), 0o755);
  const env = {
    HOME: made.home,
    USERPROFILE: made.home,
    XDG_CONFIG_HOME: "",
    COORD_DB: made.dataFolder,
    PATH: `${made.bin}:/usr/bin:/bin`,
  };
  return Object.assign(made, { env });
}

const doctor = async (at: ReturnType<typeof project>, env: Record<string, string> = {}): Promise<Report & { code: number | null }> => {
  const { code, stdout, stderr } = await runCoord(["doctor", "--json", "--addr", "127.0.0.1:0"], {
    cwd: at.folder,
    env: { ...at.env, ...env },
  });
  expect(stderr).toBe("");
  return { ...(JSON.parse(stdout) as Report), code };
};
const ofHosts = ({ checks }: Report) => checks.filter((check) => check.host !== undefined);

it("starts what every host would start, and finds them well", async () => {
  const at = project();
  expect((await runCoord(["init", "--for", "all"], { cwd: at.folder, env: at.env })).code).toBe(0);
  const report = await doctor(at, { GEMINI_CLI_TRUST_WORKSPACE: "true" });
  const started = ofHosts(report).filter(({ message }) => /starts coord \(\d+ tools, \d+\.\d s\)$/.test(message));
  expect(started.map(({ host, file }) => `${host} ${file}`)).toEqual([
    "claude .mcp.json",
    "codex .codex/config.toml",
    "gemini .gemini/settings.json",
    "cursor .cursor/mcp.json",
    "vscode .vscode/mcp.json",
    "opencode opencode.json",
    "zed .zed/settings.json",
    "windsurf ~/.codeium/windsurf/mcp_config.json",
    "copilot .mcp.json",
  ]);
  expect(ofHosts(report).filter(({ message }) => message.startsWith("reads the rules by"))).toHaveLength(9);
  // what only the user can do: say yes to Claude Code and to Codex
  expect(
    ofHosts(report)
      .filter(({ level }) => level !== "ok")
      .map(({ host, level }) => `${host} ${level}`),
  ).toEqual(["claude warn", "codex warn"]);
  expect([report.ok, report.code]).toEqual([true, 0]);
});

it("says what is wrong with an entry, and what to do", async () => {
  const silent = { command: "sh", args: ["-c", "echo no board today >&2; exit 3"] };
  const other = {
    command: "sh",
    args: ["-c", `exec '${process.execPath}' '${PROGRAM}' mcp --workspace \${BOARD:-blog}`],
    env: { BOARD: "news" },
  };
  const at = project({
    ".coord.json": '{"workspace":"shop"}',
    "CLAUDE.md": "# House rules\n",
    ".mcp.json": JSON.stringify({ mcpServers: { coord: silent } }),
    ".codex/config.toml": '[mcp_servers.coord]\ncommand = "no-such-program"\ntool_timeout_sec = 60\n',
    ".gemini/settings.json": "{ broken",
    ".cursor/mcp.json": JSON.stringify({ mcpServers: { coord: { command: "coord", args: ["mcp", "--workspace", "blog"] } } }),
    ".vscode/mcp.json": JSON.stringify({ servers: { coord: { type: "http", url: "http://127.0.0.1:9/mcp" } } }),
    "opencode.json": JSON.stringify({ mcp: { coord: { type: "local", command: ["coord", "mcp"], enabled: false } } }),
    ".zed/settings.json": JSON.stringify({ context_servers: { coord: other } }),
  });
  const report = await doctor(at);
  const wrong = ofHosts(report).filter(({ level }) => level !== "ok");
  const told = wrong.map(({ host, level, message, next }) => `${level} ${host}: ${message} > ${next}`.replaceAll(at.root, "ROOT"));
  expect([report.ok, report.code]).toEqual([false, 1]);
  expect(told).toEqual(
    expect.arrayContaining([
      "fail claude: .mcp.json: sh -c echo no board today >&2; exit 3 does not answer: no board today > coord init --for claude --force",
      "warn claude: CLAUDE.md does not import AGENTS.md, so Claude Code does not read it > coord init --for claude",
      "fail codex: .codex/config.toml: no-such-program is not found > coord init --for codex --force",
      "warn codex: .codex/config.toml: tool_timeout_sec = 60 cuts waits off that coord takes for allowed > set tool_timeout_sec to 300 or more, or give coord mcp --max-wait SECONDS",
      "warn cursor: .cursor/mcp.json speaks to the board blog; this project's is shop > coord init --for cursor --force",
      "warn opencode: opencode.json has coord switched off > switch it on in opencode.json, or: coord init --for opencode --force",
    ]),
  );
  expect(told.find((line) => line.includes("gemini"))).toMatch(
    /^fail gemini: \.gemini\/settings\.json cannot be read: .* in line 1 > mend ROOT/,
  );
  expect(told.find((line) => line.includes("vscode: .vscode"))).toContain("http://127.0.0.1:9/mcp does not answer");
  expect(ofHosts(report).find(({ host, level }) => host === "zed" && level === "ok")?.message).toContain(".zed/settings.json starts coord");
});

it("starts an entry of an earlier coord as it is, and says how to bring it up to date", async () => {
  const at = project({ ".coord.json": '{"workspace":"shop"}' });
  at.init({ for: "claude" });
  at.write({ ".mcp.json": JSON.stringify({ mcpServers: { coord: { command: "coord", args: ["mcp"] } } }) });
  const ofEntry = async () =>
    ofHosts(await doctor(at)).flatMap(({ host, level, file, message, next }) =>
      host === "claude" && file !== undefined ? [`${level}: ${message.replace(/ \(.*/, "")} > ${next}`] : [],
    );
  expect(await ofEntry()).toEqual([
    "ok: .mcp.json starts coord > undefined",
    "warn: .mcp.json has coord as an earlier version wrote it > coord init --for claude",
  ]);
  at.init({ for: "claude" });
  expect(await ofEntry()).toEqual(["ok: .mcp.json starts coord > undefined"]);
});

it("tells hooks that are in place from those that are not as coord writes them, and nothing where there are none", async () => {
  const at = project();
  const ofHooks = async () =>
    ofHosts(await doctor(at))
      .filter(({ message }) => message.includes("hooks"))
      .map(({ host, level }) => `${host} ${level}`);
  at.init({ for: "cursor,gemini" });
  expect(await ofHooks()).toEqual([]);
  at.init({ for: "cursor,gemini", wake: true });
  expect(await ofHooks()).toEqual(["gemini ok", "cursor ok"]);
  const settings = JSON.parse(at.read(".gemini/settings.json")) as { hooks: Record<string, unknown> };
  delete settings.hooks[Object.keys(settings.hooks)[0]!];
  at.write({ ".gemini/settings.json": JSON.stringify(settings) });
  expect(await ofHooks()).toEqual(["gemini warn", "cursor ok"]);
});

it("asks an entry with an address over HTTP", async () => {
  await using server = await startServer();
  const at = project({
    ".coord.json": '{"workspace":"shop"}',
    ".cursor/mcp.json": JSON.stringify({ mcpServers: { coord: { url: `${server.url}mcp` } } }),
  });
  expect(ofHosts(await doctor(at))[0]).toMatchObject({ host: "cursor", level: "ok", file: ".cursor/mcp.json" });
});

it("says in text, within 80 columns, that a project has no host, and nothing of hosts outside one", async () => {
  const at = project({ ".coord.json": '{"workspace":"shop"}' });
  const inside = await runCoord(["doctor", "--addr", "127.0.0.1:0"], { cwd: at.folder, env: at.env });
  expect(inside.stdout).toContain("warn hosts    no agent's host is configured to start coord here\n");
  expect(inside.stdout).toContain("              do: coord init, or for certain ones: coord init --for\n                  claude,codex\n");
  expect(inside.code).toBe(0);
  const outside = await runCoord(["doctor", "--addr", "127.0.0.1:0"], { cwd: at.home, env: at.env });
  expect(outside.stdout).not.toMatch(/^\w+ +hosts /m);
  expect(outside.stdout).toContain("ok   node");
});
