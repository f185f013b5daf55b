import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { runCoord, startServer, type TestServer, temporaryFolder } from "../harness/server.ts";
import { endHooks, Others, Tab } from "../hook/tab.ts";
import { CONNECTIONS, connect } from "./harness.ts";

let server: TestServer;
let state: string;
let used = 0;

beforeAll(async () => {
  server = await startServer();
  state = temporaryFolder();
});
afterEach(endHooks);
afterAll(() => server.stop());

/** What each view says of one agent: the table, `--json`, the tool and the resource by every client over every transport. */
async function views(workspace: string, handle: string) {
  const asked = ["agents", "--url", server.url, "--workspace", workspace];
  const [table, json] = await Promise.all([runCoord(asked), runCoord([...asked, "--json"])]);
  const row = (text: string) => text.split("\n").find((line) => line.includes(handle)) ?? `nobody in ${text}`;
  const overMcp = [];
  for (const by of CONNECTIONS) {
    await using host = await connect(server.url, { ...by, workspace, as: "looker" });
    const listed = (await host.call("agents_list")).answer.agents.find(({ id }: { id: string }) => id === handle);
    overMcp.push({ listed, line: row(await host.read("coord://agents")) });
  }
  const [{ offered, read, wake }] = JSON.parse(json.stdout).filter(({ id }: { id: string }) => id === handle);
  return { head: table.stdout.split("\n")[0], row: row(table.stdout), json: { offered, read, wake }, overMcp };
}

describe.each(["claude", "codex"] as const)("the wake of an idle tab of %s", (host) => {
  test("is seen in every view while its process lives, and in none once that was killed", async () => {
    used += 1;
    const workspace = `delivery-${used}`;
    const others = new Others(server, workspace);
    const tab = new Tab(host, server.url, state, { COORD_WORKSPACE: workspace });
    const handle = await tab.handle();
    await others.handedIn(handle);
    // Claude Code's waiter stays beside it on a session; Codex's holds its turn's end by a held request
    const waiter = tab.wait(host === "codex" ? ["--event", "stop", "--wait", "50"] : []);
    await others.armed(handle);
    const armed = await views(workspace, handle);
    expect(armed.json.wake).toMatchObject({ host });
    expect([armed.head, armed.row]).toEqual([expect.stringContaining("WAKE"), expect.stringMatching(new RegExp(`\\b${host} \\d+s`))]);
    for (const { listed, line } of armed.overMcp) {
      expect(listed.wake).toMatchObject({ host });
      expect(line).toContain(`${host} would wake it, since 20`);
    }

    waiter.child.kill("SIGKILL");
    await waiter.ended;
    await others.armed(handle, false);
    const gone = await views(workspace, handle);
    expect(gone.json.wake).toBeNull();
    expect([gone.head, gone.row]).toEqual([expect.not.stringContaining("WAKE"), expect.not.stringMatching(new RegExp(`\\b${host} \\d`))]);
    for (const { listed, line } of gone.overMcp) {
      expect(listed.wake).toBeNull();
      expect(line).toContain("nothing would wake it");
    }
  });
});

test("what a hook put before an agent is offered and not read in every view, until the agent looks by itself", async () => {
  used += 1;
  const workspace = `delivery-${used}`;
  const others = new Others(server, workspace);
  const tab = new Tab("claude", server.url, state, { COORD_WORKSPACE: workspace });
  const handle = await tab.handle();
  await others.call("agents/checkin", { id: handle });
  const { read: before } = await others.agent(handle);
  await others.call("tasks/send", { name: "for you", assignee: handle });
  expect((await tab.wait().ended).code).toBe(2);
  const { head } = await others.call("workspace/info", {});

  const offered = await views(workspace, handle);
  expect(offered.json).toEqual({ offered: head, read: before, wake: null });
  expect(offered.head).toMatch(/OFFERED +READ/);
  expect(offered.row).toMatch(new RegExp(` ${head} +${before}\\b`));
  for (const { listed, line } of offered.overMcp) {
    expect(listed).toMatchObject({ offered: head, read: before, wake: null });
    expect(line).toContain(`was offered news up to event ${head} · has read up to event ${before}`);
  }

  await using itself = await connect(server.url, { workspace, as: handle });
  await itself.call("checkin");
  const read = await views(workspace, handle);
  expect(read.json.read).toBeGreaterThanOrEqual(head);
  for (const { listed, line } of read.overMcp) {
    expect(listed.read).toBeGreaterThanOrEqual(head);
    expect(line).not.toContain("was offered");
  }
});
