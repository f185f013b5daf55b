import { expect, test } from "vitest";
import { Deliveries, deliveryIn } from "./deliveries.ts";
import { whole } from "./shape.ts";
import { manualClock } from "./testing/manual-clock.ts";
import { claimed, task } from "./testing/scripted.ts";

test("a claim's answer carries it, and no other answer does", () => {
  const { id, claim } = claimed(300);
  expect(deliveryIn({ task: whole(claimed(300)) })).toEqual({ id, agent_id: "heron", claim_id: claim!.claim_id });
  for (const answer of [{}, { task: null }, { task: whole(task()) }, { task: whole(task({ state: "claimed", claimed_by: "otter" })) }])
    expect(deliveryIn(answer)).toBeUndefined();
});

test("what an answer carries is given back once, while it is on its way, and only the last answers are remembered", async () => {
  const clock = manualClock();
  const deliveries = new Deliveries(clock);
  const one = { id: "t", agent_id: "heron", claim_id: "c" };
  deliveries.note(1, one);
  expect([deliveries.take("1"), deliveries.take(undefined), deliveries.take(1), deliveries.take(1)]).toEqual([
    undefined,
    undefined,
    one,
    undefined,
  ]);
  for (let id = 0; id < 300; id++) deliveries.note(id, one);
  expect([deliveries.take(0), deliveries.take(299)]).toEqual([undefined, one]);
  await clock.advance(999);
  expect(deliveries.take(298)).toBe(one);
  await clock.advance(1);
  expect(deliveries.take(297)).toBeUndefined();
});
