import { expect, test } from "vitest";
import { CliError } from "../errors.ts";
import { Link } from "./link.ts";
import { FakeSession } from "./testing/fake-session.ts";

function linkOver(...sessions: FakeSession[]) {
  let opened = 0;
  const link = new Link(
    () => sessions[opened++]!,
    async (all) => sessions[opened - 1]!.batch(all),
  );
  return { link, opened: () => opened };
}

test("no session is opened before the first call, and closing without one is nothing", async () => {
  const { link, opened } = linkOver();
  await link.settle();
  await link.close();
  expect(opened()).toBe(0);
});

test("a session that ended for good is opened anew, and its agents are announced on the new one", async () => {
  const [first, second] = [new FakeSession().on("agents/list", () => []), new FakeSession().on("agents/list", () => [])];
  const { link, opened } = linkOver(first, second);
  await link.call("heron", "agents/list", {});
  await first.close();
  await link.call("heron", "agents/list", {});
  expect(opened()).toBe(2);
  expect(second.paramsOf("agents/heartbeat")).toEqual([{ id: "heron", name: "heron" }]);
});

test("an announcement that is refused refuses the call, and the next call tries it again", async () => {
  let isDown = true;
  const session = new FakeSession()
    .on("agents/list", () => [])
    .on("agents/heartbeat", () => {
      if (isDown) throw new CliError("no answer", { exit: 7 });
      return { ok: true };
    });
  const { link } = linkOver(session);
  await expect(link.call("heron", "agents/list", {})).rejects.toThrow("no answer");
  isDown = false;
  expect(await link.call("heron", "agents/list", {})).toEqual([]);
});

test("reaching an open session that knows the agent asks nothing, any other asks", async () => {
  const session = new FakeSession();
  const { link } = linkOver(session);
  await link.reach("heron");
  await link.reach("heron");
  expect(session.asked).toHaveLength(1);
  session.state = "reconnecting";
  await link.reach("heron");
  expect(session.asked).toHaveLength(2);
});
