import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { digest } from "../../cli/hook/hosts.ts";
import { cleanEnv, PROGRAM, startServer, type TestServer, temporaryFolder, until } from "../harness/server.ts";
import { endHooks, type HostName, Others, Tab } from "./tab.ts";

let server: TestServer;
let state: string;
let used = 0;

beforeAll(async () => {
  server = await startServer();
  state = temporaryFolder();
});
afterEach(endHooks);
afterAll(() => server.stop());

async function begun(host: HostName = "claude"): Promise<{ tab: Tab; others: Others; handle: string }> {
  used += 1;
  const workspace = `wake-${used}`;
  const tab = new Tab(host, server.url, state, { COORD_WORKSPACE: workspace });
  return { tab, others: new Others(server, workspace), handle: await tab.handle() };
}

/** The four things that wake an idle tab: what is there before its turn ends, what happens then, and what it is told. */
const CAUSES: readonly {
  readonly what: string;
  readonly args?: readonly string[];
  before(others: Others, handle: string): Promise<unknown>;
  happens(others: Others, handle: string): Promise<unknown>;
  readonly told: string;
}[] = [
  {
    what: "feedback on its work",
    before: (others, handle) => others.handedIn(handle),
    happens: (others) => others.call("tasks/review", { id: "#1", decision: "request_changes", body: "no tests", agent_id: "rev" }),
    told: '- rev asks for changes to #1 "fix login" (free again: coord claim 1 --as ',
  },
  {
    what: "a mention",
    before: (others) => others.call("tasks/send", { name: "release" }),
    happens: (others, handle) => others.call("notes/add", { id: "#1", body: `ready, @${handle}?`, agent_id: "fox" }),
    told: '- fox named you on #1 "release": "ready, @',
  },
  {
    what: "a job of its own that is free at last",
    before: async (others, handle) => {
      await others.call("tasks/send", { name: "first" });
      await others.call("tasks/send", { name: "then", assignee: handle, depends_on: ["#1"] });
      await others.call("tasks/claim", { id: "#1", agent_id: "fox" });
    },
    happens: (others) => others.call("tasks/complete", { id: "#1", agent_id: "fox" }),
    told: '- yours to take: #2 "then" (task, normal, pending): coord claim 2 --as ',
  },
  {
    what: "a task that it waits for",
    args: ["--kind", "ack", "--name-contains", "v1.1 stable"],
    before: (others) => others.call("tasks/send", { name: "v1.0 stable", kind: "ack", agent_id: "fox" }),
    happens: (others) => others.call("tasks/send", { name: "v1.1 stable", kind: "ack", agent_id: "fox" }),
    told: '- what you wait for: #2 "v1.1 stable" (ack, normal, completed), by fox',
  },
];

describe("an idle tab", () => {
  test.each(CAUSES)("is woken by $what", async ({ args, before, happens, told }) => {
    const { tab, others, handle } = await begun();
    await before(others, handle);
    const waiter = tab.wait(args);
    await others.armed(handle);
    await happens(others, handle);
    const { code, stdout, stderr } = await waiter.ended;
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(told);
    const { offered, read, wake } = await others.agent(handle);
    expect([offered! > read!, wake]).toEqual([true, null]);
  });

  test.each(CAUSES)(
    "hears at its turn's end of $what that came while it worked, and only once",
    async ({ args, before, happens, told }) => {
      const { tab, others, handle } = await begun();
      await before(others, handle);
      await happens(others, handle);
      const first = await tab.wait(args).ended;
      expect([first.code, first.stderr.includes(told)]).toEqual([2, true]);
      const second = tab.wait(args);
      await others.armed(handle);
      await others.call("notes/add", { id: "#1", body: `and this, @${handle}`, agent_id: "fox" });
      const { stderr } = await second.ended;
      expect([stderr.includes("and this"), stderr.includes(told)]).toEqual([true, false]);
    },
  );

  test("is told everything that came together in one go", async () => {
    const { tab, others, handle } = await begun();
    for (const name of ["one", "two", "three"]) await others.call("tasks/send", { name, assignee: handle });
    const { stderr } = await tab.wait().ended;
    expect(stderr.match(/yours to take/g)).toHaveLength(3);
  });

  test("is woken once, whichever hooks its turns' ends left: a new waiter takes the old one's place", async () => {
    const { tab, others, handle } = await begun();
    const first = tab.wait();
    await others.armed(handle);
    const second = tab.wait();
    expect(await first.ended).toMatchObject({ code: 0, stdout: "", stderr: "" });
    await others.armed(handle);
    await others.call("tasks/send", { name: "x", assignee: handle });
    expect((await second.ended).code).toBe(2);
  });

  test("keeps its waiter where an older one comes to the server after it: the one that the tab has last is the one", async () => {
    const { tab, others, handle } = await begun();
    const waiter = tab.wait();
    await others.armed(handle);
    // what an older waiter of the tab asks when it is late: the server takes it for the newest
    const late = { id: handle, wake: { host: "claude", session: digest(tab.session) }, wait_ms: 20_000 };
    expect(await others.call("agents/inbox", late)).toMatchObject({ items: [], replaced: true });
    await others.armed(handle);
    await others.call("tasks/send", { name: "x", assignee: handle });
    expect(await waiter.ended).toMatchObject({ code: 2, stderr: expect.stringContaining('"x"') });
  });

  test("is not woken by another tab's business", async () => {
    const { tab, others, handle } = await begun();
    const second = new Tab("claude", server.url, state, { COORD_WORKSPACE: tab.env.COORD_WORKSPACE });
    const other = await second.handle();
    const [mine, its] = [tab.wait(), second.wait()];
    await others.armed(handle);
    await others.armed(other);
    await others.call("tasks/send", { name: "x", assignee: other });
    expect((await its.ended).code).toBe(2);
    expect((await others.agent(handle)).wake).not.toBeNull();
    await others.call("tasks/send", { name: "y", assignee: handle });
    expect((await mine.ended).stderr).not.toContain('"x"');
  });

  test("is woken under one handle in each of its tabs", async () => {
    used += 1;
    const env = { COORD_WORKSPACE: `wake-${used}`, COORD_AS: "harbor-lynx" };
    const tabs = [new Tab("claude", server.url, state, env), new Tab("claude", server.url, state, env)];
    const others = new Others(server, env.COORD_WORKSPACE);
    for (const tab of tabs) await tab.start();
    const waiters = tabs.map((tab) => tab.wait());
    await until("both wait", async () => (await others.call("workspace/info", {})).waiters === 2);
    await others.call("tasks/send", { name: "x", assignee: "harbor-lynx" });
    for (const waiter of waiters) expect((await waiter.ended).code).toBe(2);
  });
});

describe("a waiter", () => {
  test("outlives the server, and hears what came in between", async () => {
    const folder = temporaryFolder();
    const first = await startServer({ db: folder });
    const tab = new Tab("claude", first.url, state);
    const handle = await tab.handle();
    const waiter = tab.wait();
    await new Others(first).armed(handle);
    await first.kill();
    // a second server on the same folder; the waiter does not know its address, hence the same port
    const again = await startServer({ db: folder, addr: `127.0.0.1:${first.port}` });
    const others = new Others(again);
    await others.call("tasks/send", { name: "while away", assignee: handle });
    const { code, stderr } = await waiter.ended;
    expect([code, stderr.includes("while away")]).toEqual([2, true]);
    await again.stop();
  });

  test("lets a stopping server go, and waits on when it is back", async () => {
    const folder = temporaryFolder();
    const first = await startServer({ db: folder });
    const tab = new Tab("claude", first.url, state);
    const handle = await tab.handle();
    const waiter = tab.wait();
    await new Others(first).armed(handle);
    await first.stop();
    const again = await startServer({ db: folder, addr: `127.0.0.1:${first.port}` });
    const others = new Others(again);
    await others.armed(handle);
    await others.call("tasks/send", { name: "later", assignee: handle });
    expect((await waiter.ended).code).toBe(2);
    await again.stop();
  });

  test.each(["sh -c", "directly"])("ends when its tab is killed, started %s: no process and no wake is left behind", async (how) => {
    const { tab, others, handle } = await begun();
    const command = [process.execPath, PROGRAM, "hook", "claude", "--event", "wait"];
    const start =
      how === "directly"
        ? `spawn(${JSON.stringify(command[0])}, ${JSON.stringify(command.slice(1))}`
        : `spawn("/bin/sh", ["-c", ${JSON.stringify(`${command.map((word) => `'${word}'`).join(" ")}; exit $?`)}]`;
    const script = `const { spawn } = require("node:child_process");
      const child = ${start}, { stdio: ["pipe", "ignore", "ignore"] });
      child.stdin.end(${JSON.stringify(tab.input("stop"))});
      setInterval(() => {}, 1000);`;
    const host = spawn(process.execPath, ["-e", script], { env: cleanEnv(tab.env), cwd: tab.folder, stdio: "ignore" });
    try {
      await others.armed(handle);
    } finally {
      host.kill("SIGKILL");
    }
    await others.armed(handle, false);
  });

  test("ends when it is told to", async () => {
    const { tab, others, handle } = await begun();
    const waiter = tab.wait();
    await others.armed(handle);
    waiter.child.kill("SIGTERM");
    expect(await waiter.ended).toMatchObject({ code: 0, stdout: "", stderr: "" });
    await others.armed(handle, false);
  });

  test("that is killed wakes nobody, is no longer shown as armed, and loses nothing", async () => {
    const { tab, others, handle } = await begun();
    const waiter = tab.wait();
    await others.armed(handle);
    waiter.child.kill("SIGKILL");
    await waiter.ended;
    await others.armed(handle, false);
    await others.call("tasks/send", { name: "x", assignee: handle });
    expect((await others.agent(handle)).offered).toBeLessThan((await others.call("workspace/info", {})).head);
    expect((await tab.wait().ended).stderr).toContain('#1 "x"');
  });
});

describe("Claude Code before which nobody sits", () => {
  test.each([{ CLAUDE_CODE_ENTRYPOINT: "sdk-cli" }, { CLAUDE_CODE_SESSION_ATTENDED: "0" }])(
    "is not kept from ending, and is told at its turn's end: %j",
    async (env) => {
      const { tab, others, handle } = await begun();
      Object.assign(tab.env, env);
      expect(await tab.wait().ended).toMatchObject({ code: 0, stdout: "", stderr: "" });
      await others.call("tasks/send", { name: "for you", assignee: handle });
      expect(JSON.parse((await tab.stop()).stdout)).toMatchObject({ decision: "block", reason: expect.stringContaining('#1 "for you"') });
      expect((await tab.stop({ stop_hook_active: true })).stdout).toBe("");
    },
  );
});

describe("opencode", () => {
  test("is woken through its HTTP API, again and again", async () => {
    const { tab, others, handle } = await begun("opencode");
    const posted: { url: string; text: string; login: string | undefined }[] = [];
    const opencode = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += chunk));
      request.on("end", () => {
        posted.push({ url: request.url ?? "", text: JSON.parse(body).parts[0].text, login: request.headers.authorization });
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((ready) => opencode.listen(0, "127.0.0.1", ready));
    const { port } = opencode.address() as { port: number };
    tab.env.OPENCODE_SERVER_PASSWORD = "secret";
    const waiter = tab.wait(["--post", `http://127.0.0.1:${port}`]);
    for (const name of ["one", "two"]) {
      await others.armed(handle);
      await others.call("tasks/send", { name, assignee: handle });
      await until(`${name} is posted`, () => posted.some(({ text }) => text.includes(`"${name}"`)));
    }
    expect(posted.map(({ url }) => url)).toEqual(Array(2).fill(`/session/${tab.session}/prompt_async`));
    expect(posted[0]!.login).toBe(`Basic ${Buffer.from("opencode:secret").toString("base64")}`);
    opencode.close();
    opencode.closeAllConnections();
    await others.armed(handle);
    await others.call("tasks/send", { name: "three", assignee: handle });
    expect((await waiter.ended).code).toBe(1);
    tab.env.OPENCODE_SERVER_PASSWORD = undefined;
    expect((await tab.wait().ended).stdout).toContain('#3 "three"');
  });
});
