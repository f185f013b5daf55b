import { spawn } from "node:child_process";
import { createServer as createHttp } from "node:http";
import { createServer, type Server } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { cleanEnv, type Finished, finished, PROGRAM, runCoord, startServer, type TestServer, temporaryFolder } from "../harness/server.ts";
import { endHooks, type HostName, Others, Tab } from "./tab.ts";

let server: TestServer;
let state: string;
let used = 0;
const listening = new Set<Server>();

beforeAll(async () => {
  server = await startServer();
  state = temporaryFolder();
});
afterEach(() => {
  endHooks();
  for (const one of listening) one.close();
  listening.clear();
});
afterAll(() => server.stop());

/** What each host is given where there is nothing to say. */
const SILENCE: Readonly<Record<HostName, string>> = { claude: "", codex: "{}\n", gemini: "{}\n", cursor: "{}\n", opencode: "" };

function answering(status: number, type: string, body: string): () => Server {
  return () => createHttp((_request, response) => response.writeHead(status, { "content-type": type }).end(body));
}

/** Programs that may sit at the address where coord is looked for. */
const STRANGERS: Readonly<Record<string, () => Server>> = {
  "closes every connection": () => createServer((socket) => socket.destroy()),
  "greets before it is asked": () => createServer((socket) => socket.on("error", () => {}).write("SSH-2.0-OpenSSH_9.6\r\n")),
  "serves a web page": answering(200, "text/html", "<html>hello</html>"),
  "finds nothing": answering(404, "text/plain", "not found"),
  "wants a login": answering(401, "text/html", "<html>log in</html>"),
  "breaks down": answering(500, "text/plain", "boom"),
  "sends elsewhere": () => createHttp((_request, response) => response.writeHead(302, { location: "/login" }).end()),
  "speaks another JSON": answering(200, "application/json", '{"ok":true}'),
  "answers JSON-RPC with nothing": answering(200, "application/json", '{"jsonrpc":"2.0","id":1,"result":null}'),
  "answers JSON-RPC with another shape": answering(200, "application/json", '{"jsonrpc":"2.0","id":1,"result":[{"x":1}]}'),
  "knows none of the methods": answering(200, "application/json", '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}'),
  "never ends its answer": () =>
    createHttp((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const drip = setInterval(() => response.write(" "), 50);
      response.on("close", () => clearInterval(drip));
    }),
};

async function at(make: () => Server): Promise<{ url: string; end(): void }> {
  const stranger = make();
  listening.add(stranger);
  const sockets = new Set<{ destroy(): void }>();
  stranger.on("connection", (socket) => {
    socket.on("error", () => {
      // the hook has gone
    });
    sockets.add(socket);
  });
  await new Promise<void>((ready) => stranger.listen(0, "127.0.0.1", ready));
  const { port } = stranger.address() as { port: number };
  const end = () => {
    for (const socket of sockets) socket.destroy();
  };
  return { url: `http://127.0.0.1:${port}/`, end };
}

const passedOver = (host: HostName): Finished => ({ code: 0, signal: null, stdout: SILENCE[host], stderr: "" });

describe("where another program answers that", () => {
  test.each(Object.entries(STRANGERS))("%s, no hook says anything or keeps its session", async (_what, make) => {
    const { url, end } = await at(make);
    try {
      const tabs = (["claude", "codex", "opencode"] as const).map((host) => new Tab(host, url, state));
      const ended = await Promise.all(
        tabs.flatMap((tab) =>
          [tab.start(), tab.stop(), tab.hook(["--event", "wait"], tab.input("stop"))].map((one) => one.then((seen) => ({ tab, seen }))),
        ),
      );
      for (const [index, { tab, seen }] of ended.entries()) {
        // a waiter has nobody to answer to
        const isWaiter = index % 3 === 2;
        expect(seen).toEqual(isWaiter ? { ...passedOver(tab.host), stdout: seen.stdout } : passedOver(tab.host));
        expect(["", SILENCE[tab.host]]).toContain(seen.stdout);
      }
    } finally {
      end();
    }
  });
});

test("a token that is wrong, or missing, is no obstacle to the session; the right one is used", async () => {
  await using guarded = await startServer({ env: { COORD_TOKEN: "open-sesame" } });
  for (const token of [undefined, "open-says-me", "two\nlines"]) {
    const tab = new Tab("codex", guarded.url, temporaryFolder(), { COORD_TOKEN: token });
    expect(await tab.start()).toEqual(passedOver("codex"));
    expect(await tab.stop()).toEqual(passedOver("codex"));
    expect(await tab.wait().ended).toMatchObject({ code: 0, stderr: "" });
  }
  const friend = new Tab("codex", guarded.url, temporaryFolder(), { COORD_TOKEN: "open-sesame" });
  expect(await friend.handle()).toMatch(/^codex-/);
});

describe("standard input", () => {
  /** A tab with something to be told at its turn's end. */
  async function told(host: HostName = "codex"): Promise<Tab> {
    used += 1;
    const workspace = `obstacles-${used}`;
    const tab = new Tab(host, server.url, state, { COORD_WORKSPACE: workspace });
    const handle = await tab.handle();
    await new Others(server, workspace).call("tasks/send", { name: "for you", assignee: handle });
    return tab;
  }

  /** The hook as a shell starts it. */
  function shell(tab: Tab, command: string): Promise<Finished> {
    const child = spawn("/bin/sh", ["-c", command, process.execPath, PROGRAM], {
      env: cleanEnv(tab.env),
      cwd: tab.folder,
      timeout: 20_000,
      killSignal: "SIGKILL",
    });
    child.stdin.end();
    return finished(child);
  }

  test.each(["<&-", "</dev/null", "< /"])("that is not there (%s) is passed over", async (from) => {
    expect(await shell(await told(), `"$0" "$1" hook codex ${from}`)).toEqual(passedOver("codex"));
  });

  test("that a host keeps open and never writes to is given up", async () => {
    const tab = await told();
    expect(await shell(tab, `sleep 3 | "$0" "$1" hook codex`)).toEqual(passedOver("codex"));
  });

  test.each([
    ["opening braces", "{"],
    ["closing braces", "}"],
    ["no braces", "x"],
  ])("of 20 MB that is no JSON, in %s, is read no further than it has to be", async (_what, letter) => {
    const tab = await told();
    expect(await tab.hook([], letter.repeat(20_000_000))).toEqual(passedOver("codex"));
  });

  test("that is long, as with a long last message, is understood", async () => {
    const tab = await told();
    expect((await tab.stop({ last_assistant_message: 'x}"'.repeat(600_000) })).stdout).toContain("for you");
  });

  test("is not needed where the arguments say which event and which tab", async () => {
    const tab = await told("opencode");
    expect((await tab.hook(["--event", "wait", "--session", tab.session], "")).stdout).toContain("for you");
  });

  test("whose answer nobody reads keeps what was not told for the next time", async () => {
    const tab = await told();
    const input = tab.input("stop").replaceAll("'", "");
    expect((await shell(tab, `printf '%s' '${input}' | "$0" "$1" hook codex >/dev/full`)).code).toBe(0);
    expect((await tab.stop()).stdout).toContain("for you");
  });
});

test.each(["vim", "constructor", "__proto__", "Claude", "", "claude codex"])(
  "the host %j is refused with the ones there are",
  async (name) => {
    const { code, stdout, stderr } = await runCoord(["hook", name], { input: "{}" });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("claude, codex, gemini, cursor, opencode");
    expect(stderr).not.toContain("    at ");
  },
);

test("a name that no agent can have is passed over, and the tab does not keep it", async () => {
  used += 1;
  const tab = new Tab("claude", server.url, temporaryFolder(), { COORD_WORKSPACE: `obstacles-${used}` });
  for (const name of ["x".repeat(300), " lynx"]) {
    tab.env.COORD_AS = name;
    expect(await tab.start()).toEqual(passedOver("claude"));
  }
  tab.env.COORD_AS = undefined;
  expect(await tab.handle()).toMatch(/^claude-[0-9a-f]{6}$/);
});
