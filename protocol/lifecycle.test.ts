import { describe, expect, it } from "vitest";
import { EVENT_TYPES } from "./events.ts";
import {
  ANNOUNCEMENT_KINDS,
  canMove,
  isAnnouncement,
  isTerminal,
  PRIORITIES,
  priorityRank,
  STATE_NAMES,
  STATES,
  stateFromInput,
  TRANSITIONS,
} from "./lifecycle.ts";
import { METHOD_NAMES } from "./methods.ts";

describe("the states", () => {
  it("are found by their name and by every alias, and by nothing else", () => {
    for (const state of STATE_NAMES) for (const word of [state, ...STATES[state].aliases]) expect(stateFromInput(word)).toBe(state);
    for (const word of ["", "any", "Done", "PENDING", "constructor", "__proto__", "toString"]) expect(stateFromInput(word)).toBeUndefined();
  });

  it("have no word in common", () => {
    const words = STATE_NAMES.flatMap((state) => [state, ...STATES[state].aliases]);
    expect(new Set(words).size).toBe(words.length);
  });

  it("say what they mean and what they are shown as", () => {
    for (const state of STATE_NAMES) expect([STATES[state].label.length > 2, STATES[state].meaning.length > 10]).toEqual([true, true]);
  });
});

describe("the table of transitions", () => {
  it("lets nothing leave a terminal state, and everything else be called off", () => {
    for (const state of STATE_NAMES) {
      const exits = TRANSITIONS.filter((transition) => transition.from === state);
      expect(exits.length === 0, state).toBe(isTerminal(state));
      expect(canMove(state, "cancelled", "tasks/cancel"), state).toBe(!isTerminal(state));
    }
  });

  it("reaches every state from nothing", () => {
    const reached = new Set<string | null>([null]);
    for (let before = -1; before !== reached.size; ) {
      before = reached.size;
      for (const { from, to } of TRANSITIONS) if (reached.has(from)) reached.add(to);
    }
    expect(reached).toEqual(new Set([null, ...STATE_NAMES]));
  });

  it("names methods and events that exist, has no line twice, and tells time's own move apart", () => {
    for (const { by, event } of TRANSITIONS) {
      if (by !== null) expect(METHOD_NAMES).toContain(by);
      expect(EVENT_TYPES).toContain(event);
    }
    const lines = TRANSITIONS.map(({ from, to, by, event }) => `${from} ${to} ${by} ${event}`);
    expect(lines.length).toBe(new Set(lines).size);
    expect(TRANSITIONS.filter(({ by }) => by === null).map(({ from, to, who }) => [from, to, who])).toEqual([
      ["claimed", "pending", "system"],
    ]);
  });

  it("is what canMove answers by", () => {
    expect(canMove("pending", "claimed")).toBe(true);
    expect(canMove("pending", "claimed", "tasks/complete")).toBe(false);
    expect(canMove("claimed", "pending", null)).toBe(true);
    expect(canMove("completed", "pending")).toBe(false);
    expect(canMove(null, "claimed")).toBe(false);
  });

  it("gives an agent's job no way to be finished without being held", () => {
    const ways = TRANSITIONS.filter(({ to, from, who }) => to === "completed" && from !== null && who !== "person");
    expect(new Set(ways.map(({ from }) => from))).toEqual(new Set(["claimed", "review"]));
  });
});

describe("kinds and priorities", () => {
  it("know the announcements, exactly", () => {
    for (const kind of ANNOUNCEMENT_KINDS) expect(isAnnouncement(kind)).toBe(true);
    for (const kind of ["task", "bug", "ACK", "acks", ""]) expect(isAnnouncement(kind)).toBe(false);
  });

  it("are ordered urgent, high, normal, low, and then anything else", () => {
    expect(PRIORITIES.map(priorityRank)).toEqual([0, 1, 2, 3]);
    for (const word of ["someday", "URGENT", "", "constructor"]) expect(priorityRank(word)).toBe(4);
  });
});
