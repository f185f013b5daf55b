import { expect, test } from "vitest";
import { isThere } from "../cases/waits.ts";
import { startBulletin } from "../testing/bulletin.ts";
import { probe } from "./peer.ts";

const ALL = ["tasks/claim", "tasks/complete", "tasks/list", "tasks/next", "tasks/send", "tasks/wait"];

test("a bulletin without sessions is known as one, and asking it changes nothing there", async () => {
  await using bulletin = await startBulletin();
  const peer = await probe("other", bulletin.url);
  expect(peer).toMatchObject({ name: "other", url: bulletin.url, sessions: false, pid: undefined });
  expect([...peer.methods].sort()).toEqual(ALL);
  const answer = await fetch(bulletin.url, {
    method: "POST",
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tasks/list", params: {} }),
  });
  expect(await answer.json()).toMatchObject({ result: [] });
});

test("a method that a server lacks is left out", async () => {
  await using bulletin = await startBulletin(["tasks/wait", "tasks/next"]);
  const { methods } = await probe("other", bulletin.url);
  expect([...methods].sort()).toEqual(ALL.filter((name) => name !== "tasks/wait" && name !== "tasks/next"));
});

test("what does not speak JSON-RPC, or is not there, is told apart from a server", async () => {
  const bulletin = await startBulletin();
  await bulletin[Symbol.asyncDispose]();
  await expect(probe("other", bulletin.url)).rejects.toThrow(`other at ${bulletin.url} does not speak the bulletin's JSON-RPC`);
});

test("a wait's answer is looked at in every shape that servers give it", () => {
  for (const none of [null, undefined, [], { task: null, timed_out: true }, { tasks: [] }]) expect(isThere(none)).toBe(false);
  for (const some of [[{}], { task: { id: "a" } }, { tasks: [{}] }, { id: "a", name: "b" }]) expect(isThere(some)).toBe(true);
});
