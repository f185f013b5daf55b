import { expect, test } from "vitest";
import type { Event } from "../protocol/index.ts";
import { Changes } from "./changes.ts";
import type { Interest } from "./resources/uris.ts";
import { manualClock } from "./testing/manual-clock.ts";

const ID = "0f2d6ab4-1111-4222-8333-444455556666";

function event(type: Event["type"], number = 7, id = ID): Event {
  return { seq: 1, at: "2026-01-02T03:04:05.000Z", type, principal: "owner", data: { task: { id, number } } };
}

function changesOf(interest: Interest) {
  const clock = manualClock();
  const told: string[] = [];
  const changes = new Changes(clock, () => interest, { updated: (uri) => told.push(uri), listChanged: () => told.push("list") });
  return { clock, told, changes };
}

test("only what was asked for is told, and each address once for all that happened to it", async () => {
  const uris = ["coord://board", "coord://tasks/7", `coord://tasks/${ID}`, "coord://tasks/0f2d", "coord://tasks/8", "coord://agents"];
  const { clock, told, changes } = changesOf({ uris, list: false });
  changes.saw([event("note.added"), event("task.updated")]);
  changes.saw([event("task.created")]);
  expect(told).toEqual([]);
  await clock.advance(100);
  expect(told).toEqual(["coord://board", "coord://tasks/7", `coord://tasks/${ID}`, "coord://tasks/0f2d"]);
  changes.saw([event("task.claimed", 8, "another")]);
  await clock.advance(1_000);
  expect(told.slice(4).sort()).toEqual(["coord://agents", "coord://board", "coord://tasks/8"]);
});

test("a storm is told of once a second, and its last change is not lost", async () => {
  const { clock, told, changes } = changesOf({ uris: ["coord://log"], list: true });
  for (let each = 0; each < 100; each++) {
    changes.saw([event("task.created")]);
    await clock.advance(50);
  }
  const during = told.filter((one) => one === "coord://log").length;
  expect(during).toBeGreaterThanOrEqual(4);
  expect(during).toBeLessThanOrEqual(6);
  expect(told.filter((one) => one === "list")).toHaveLength(2);
  await clock.advance(3_000);
  expect(told.filter((one) => one === "coord://log")).toHaveLength(during + 1);
  expect(told.filter((one) => one === "list")).toHaveLength(3);
});

test("after the stop nothing is told", async () => {
  const { clock, told, changes } = changesOf({ uris: ["coord://log"], list: true });
  changes.saw([event("task.created")]);
  changes.stop();
  await clock.advance(10_000);
  expect(told).toEqual([]);
});
