import { expect, test } from "vitest";
import { Unreachable } from "../../mcp/failures.ts";
import { manualClock } from "../../mcp/testing/manual-clock.ts";
import { Follower } from "./follower.ts";
import { FakeSession } from "./testing/fake-session.ts";

/** A follower whose host hears of changes of the list, as one of the older era does that has read it. */
function follower(isReady: boolean) {
  const clock = manualClock();
  const told: string[] = [];
  const session = new FakeSession();
  const link = { isOpen: isReady, isReady, current: () => session };
  const one = new Follower(link, clock, { updated: (uri) => told.push(uri), listChanged: () => told.push("list") });
  one.legacy();
  one.listed();
  return { clock, told, one };
}

/** A list that is answered when the test says so. */
function pending() {
  let answer = (_list: string[]): void => {};
  let fail = (_thrown: unknown): void => {};
  const list = new Promise<string[]>((resolve, reject) => {
    [answer, fail] = [resolve, reject];
  });
  return { list, answer: (given: string[]) => answer(given), fail: (thrown: unknown) => fail(thrown) };
}

test("the list of resources is not waited for where no server is there, and is told of when it can be read", async () => {
  const { clock, told, one } = follower(false);
  const { list, answer } = pending();
  const soon = one.soon(list);
  await clock.advance(500);
  expect(await soon).toBeUndefined();
  expect(told).toEqual([]);
  answer(["one"]);
  await list;
  await clock.advance(100);
  expect(told).toEqual(["list"]);
});

test("one that comes in time is answered whole, and nobody is told", async () => {
  const { clock, told, one } = follower(false);
  const { list, answer } = pending();
  const soon = one.soon(list);
  await clock.advance(400);
  answer(["one"]);
  expect(await soon).toEqual(["one"]);
  await clock.advance(1_000);
  expect(told).toEqual([]);
});

test("a server that is there is waited for", async () => {
  const { clock, told, one } = follower(true);
  const { list, answer } = pending();
  const soon = one.soon(list);
  await clock.advance(5_000);
  answer(["one"]);
  expect(await soon).toEqual(["one"]);
  await clock.advance(1_000);
  expect(told).toEqual([]);
});

test("no server is no failure of the list, in time or late; anything else is one in time", async () => {
  const { clock, told, one } = follower(false);
  const [early, late, broken] = [pending(), pending(), pending()];
  const answers = [one.soon(early.list), one.soon(late.list)];
  early.fail(new Unreachable("no server", "start it"));
  await clock.advance(500);
  late.fail(new Unreachable("no server", "start it"));
  expect(await Promise.all(answers)).toEqual([undefined, undefined]);
  const refused = one.soon(broken.list);
  broken.fail(new Error("the list is too long"));
  await expect(refused).rejects.toThrow("too long");
  await clock.advance(1_000);
  expect(told).toEqual([]);
});
