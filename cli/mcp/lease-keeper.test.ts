import { expect, test } from "vitest";
import type { HeldClaim } from "../../mcp/holds.ts";
import { manualClock } from "../../mcp/testing/manual-clock.ts";
import { staleClaim } from "../../mcp/testing/scripted.ts";
import { IDLE_AFTER_MS, LeaseKeeper } from "./lease-keeper.ts";

const MINUTE = 60_000;

function keeperOf(answer: (claim: HeldClaim) => Promise<void> | void = () => {}) {
  const clock = manualClock();
  const extended: { claim_id: string; at: number }[] = [];
  const start = clock.now();
  const keeper = new LeaseKeeper(clock, async (claim) => {
    extended.push({ claim_id: claim.claim_id, at: (clock.now() - start) / 1000 });
    await answer(claim);
  });
  return { clock, keeper, extended, times: () => extended.map(({ at }) => at) };
}

const held = (fields: Partial<HeldClaim> = {}): HeldClaim => ({
  task_id: "0f2d6ab4-1111-4222-8333-444455556666",
  number: 7,
  name: "mend the gate",
  claim_id: "claim-1",
  agent_id: "heron",
  lease_seconds: 300,
  ...fields,
});

async function toolCall(keeper: LeaseKeeper, agent = "heron"): Promise<void> {
  await keeper.callBegins(agent);
  keeper.callEnds(agent);
}

test("a claim is extended at every third of its lease", async () => {
  const { clock, keeper, times } = keeperOf();
  await toolCall(keeper);
  keeper.remember(held());
  await clock.advance(99_999);
  expect(times()).toEqual([]);
  await clock.advance(300_001);
  expect(times()).toEqual([100, 200, 300, 400]);
});

test("an agent that has called no tool for 30 minutes lets its lease lapse, and its next call tries at once", async () => {
  const { clock, keeper, times } = keeperOf();
  await toolCall(keeper);
  keeper.remember(held({ lease_seconds: 1800 }));
  await clock.advance(IDLE_AFTER_MS + 60 * MINUTE);
  expect(times()).toEqual([600, 1200]);
  await toolCall(keeper);
  expect(times()).toEqual([600, 1200, 5400]);
  await clock.advance(10 * MINUTE);
  expect(times()).toEqual([600, 1200, 5400, 6000]);
});

test("a call in flight counts as activity for as long as it lasts", async () => {
  const { clock, keeper, extended } = keeperOf();
  await keeper.callBegins("heron");
  keeper.remember(held({ lease_seconds: 3600 }));
  await clock.advance(120 * MINUTE);
  expect(extended).toHaveLength(6);
});

test("one agent's calls do not keep another's claims", async () => {
  const { clock, keeper, extended } = keeperOf();
  await toolCall(keeper, "heron");
  keeper.remember(held({ lease_seconds: 3600 }));
  await clock.advance(29 * MINUTE);
  await toolCall(keeper, "otter");
  const before = extended.length;
  await clock.advance(60 * MINUTE);
  expect(extended.length).toBe(before);
});

test("a refused extension ends the upkeep, and the agent is told once", async () => {
  const { clock, keeper, extended } = keeperOf(() => {
    throw staleClaim();
  });
  await toolCall(keeper);
  keeper.remember(held());
  await clock.advance(10 * MINUTE);
  expect(extended).toHaveLength(1);
  expect(keeper.find("heron", "#7")).toBeUndefined();
  expect(keeper.takeNotices("otter")).toEqual([]);
  expect(keeper.takeNotices("heron")).toEqual([
    expect.stringContaining('You lost your lease on #7 "mend the gate": #7 is claimed by otter'),
  ]);
  expect(keeper.takeNotices("heron")).toEqual([]);
});

test("an extension that nobody answers is tried again within seconds, and is no loss", async () => {
  let isDown = true;
  const { clock, keeper, times } = keeperOf(() => {
    if (isDown) throw new Error("no answer");
  });
  await toolCall(keeper);
  keeper.remember(held());
  await clock.advance(109_000);
  expect(times()).toEqual([100, 105]);
  isDown = false;
  await clock.advance(101_000);
  expect(times()).toEqual([100, 105, 110, 210]);
  expect(keeper.takeNotices("heron")).toEqual([]);
});

test("a claim that its agent ends is forgotten, and an extension that crosses that end is no loss", async () => {
  let refuseNow = () => {};
  const { clock, keeper, extended } = keeperOf(() => new Promise((_, reject) => (refuseNow = () => reject(staleClaim()))));
  await toolCall(keeper);
  const claim = held();
  keeper.remember(claim);
  await clock.advance(100_000);
  await keeper.ending(claim, async () => refuseNow());
  await clock.advance(10 * MINUTE);
  expect(extended).toHaveLength(1);
  expect(keeper.find("heron", claim.task_id)).toBeUndefined();
  expect(keeper.takeNotices("heron")).toEqual([]);
});

test("an end that was not answered leaves the claim kept", async () => {
  const { clock, keeper, extended } = keeperOf();
  await toolCall(keeper);
  const claim = held();
  keeper.remember(claim);
  await expect(keeper.ending(claim, () => Promise.reject(new Error("no answer")))).rejects.toThrow("no answer");
  expect(keeper.find("heron", "#7")).toMatchObject({ claim_id: "claim-1" });
  await clock.advance(100_000);
  expect(extended).toHaveLength(1);
});

test("an end that is refused because the claim is over forgets it", async () => {
  const { keeper } = keeperOf();
  const claim = held();
  keeper.remember(claim);
  await expect(keeper.ending(claim, () => Promise.reject(staleClaim()))).rejects.toThrow("claimed by otter");
  expect(keeper.find("heron", "#7")).toBeUndefined();
});

test("an adopted claim is extended at once, and one already known is left as it is", async () => {
  const { clock, keeper, times } = keeperOf();
  await toolCall(keeper);
  await keeper.adopt(held());
  expect(times()).toEqual([0]);
  await keeper.adopt(held({ lease_seconds: 3 }));
  await clock.advance(100_000);
  expect(times()).toEqual([0, 100]);
});

test("a hold without a deadline is remembered and never extended", async () => {
  const { clock, keeper, extended } = keeperOf();
  await toolCall(keeper);
  keeper.remember(held({ lease_seconds: null }));
  await clock.advance(10 * MINUTE);
  expect(extended).toEqual([]);
  expect(keeper.find("heron", "#7")).toMatchObject({ claim_id: "claim-1" });
});

test("when another agent of this process takes the job over, the first is told", async () => {
  const { keeper } = keeperOf();
  keeper.remember(held());
  keeper.remember(held({ agent_id: "otter", claim_id: "claim-2" }));
  expect(keeper.takeNotices("heron")).toEqual([expect.stringContaining("otter has claimed it")]);
  expect(keeper.find("otter", "#7")).toMatchObject({ claim_id: "claim-2" });
});

test("a claim is found by id, by number and by a prefix that means only it", () => {
  const { keeper } = keeperOf();
  keeper.remember(held());
  keeper.remember(held({ task_id: "0f2d9999-1111-4222-8333-444455556666", number: 8, claim_id: "claim-2" }));
  expect(keeper.find("heron", "0f2d6ab4-1111-4222-8333-444455556666")?.number).toBe(7);
  expect(keeper.find("heron", "#8")?.number).toBe(8);
  expect(keeper.find("heron", "0F2D6")?.number).toBe(7);
  expect(keeper.find("heron", "0f2d")).toBeUndefined();
  expect(keeper.find("heron", "0f2")).toBeUndefined();
  expect(keeper.find("otter", "#8")).toBeUndefined();
});

test("after the stop nothing is extended", async () => {
  const { clock, keeper, extended } = keeperOf();
  await toolCall(keeper);
  keeper.remember(held());
  keeper.stop();
  await clock.advance(10 * MINUTE);
  expect(extended).toEqual([]);
});
