import { describe, expect, it } from "vitest";
import type { Event } from "../../protocol/index.ts";
import { checkLog, checkRace, checkStory, type Invariant, type RaceFacts, type StoryFacts } from "./invariants.ts";

type Line = Pick<Event, "type"> & { task: string; agent?: string; claim?: string; data?: Record<string, unknown> };

function log(lines: readonly Line[]): Event[] {
  return lines.map(({ type, task, agent, claim, data }, index) => ({
    seq: index + 1,
    at: "2026-01-02T03:04:05.678Z",
    type,
    task_id: task,
    ...(agent ? { agent_id: agent } : {}),
    principal: "owner",
    data: { ...(claim ? { claim_id: claim } : {}), ...data },
  }));
}

const broken = (invariants: readonly Invariant[]) => invariants.filter((one) => !one.held).map((one) => one.name);

describe("the log", () => {
  const events = log([
    { type: "task.created", task: "a" },
    { type: "task.created", task: "b" },
  ]);
  it("has every number from 1 to its head", () => {
    expect(checkLog(events, 2).held).toBe(true);
    expect(checkLog([], 0).held).toBe(true);
  });
  it.each([
    ["a line is missing in the middle", [events[0]!, { ...events[1]!, seq: 3 }], 3],
    ["a line stands twice", [events[0]!, events[0]!], 2],
    ["the end is missing", [events[0]!], 2],
    ["the beginning is missing", [events[1]!], 2],
  ])("breaks where %s", (_what, lines, head) => {
    expect(checkLog(lines, head).held).toBe(false);
  });
});

describe("the race", () => {
  const good: Line[] = [
    { type: "task.claimed", task: "a", agent: "one", claim: "c1" },
    { type: "task.claimed", task: "b", agent: "two", claim: "c2" },
    { type: "task.completed", task: "b", agent: "two", claim: "c2" },
    { type: "task.lapsed", task: "a", claim: "c1" },
    { type: "task.claimed", task: "a", agent: "two", claim: "c3" },
    { type: "task.completed", task: "a", agent: "two", claim: "c3" },
  ];
  const facts: RaceFacts = {
    jobs: ["a", "b"],
    killed: { agent: "one", job: "a" },
    confirmed: [
      { agent: "two", job: "b" },
      { agent: "two", job: "a" },
    ],
  };

  it("holds where it went as promised", () => {
    expect(broken(checkRace(log(good), facts))).toEqual([]);
  });

  it("breaks where a job stays undone", () => {
    expect(broken(checkRace(log(good.slice(0, -1)), { ...facts, confirmed: facts.confirmed.slice(0, 1) }))).toEqual([
      "every job was completed exactly once",
      "another process finished its job",
    ]);
  });

  it("breaks where a job is completed twice", () => {
    const twice: Line[] = [...good, { type: "task.completed", task: "b", agent: "two", claim: "c2" }];
    expect(broken(checkRace(log(twice), facts))).toContain("every job was completed exactly once");
  });

  it("breaks where two hold a job at once", () => {
    const both = good.filter((line) => line.type !== "task.lapsed");
    expect(broken(checkRace(log(both), facts))).toEqual(["no job ever had two holders", "the killed process's lease lapsed"]);
  });

  it("breaks where a claim that ended completes a job", () => {
    const late = good.map((line, index) => (index === good.length - 1 ? { ...line, claim: "c1" } : line));
    expect(broken(checkRace(log(late), facts))).toEqual(["no job ever had two holders"]);
  });

  it("breaks where a completed job is claimed again", () => {
    const again: Line[] = [...good, { type: "task.claimed", task: "a", agent: "one", claim: "c4" }];
    expect(broken(checkRace(log(again), facts))).toEqual(["no job ever had two holders"]);
  });

  it("breaks where the killed process completed its job after all", () => {
    const revived = good.map((line, index) => (index >= 4 ? { ...line, agent: "one" } : line));
    expect(broken(checkRace(log(revived), facts))).toContain("another process finished its job");
  });

  it("breaks where nobody was killed", () => {
    expect(broken(checkRace(log(good), { ...facts, killed: null }))).toEqual([
      "the killed process's lease lapsed",
      "another process finished its job",
    ]);
  });

  it("breaks where a process was told of a completion that the log lacks, or was not told of one", () => {
    const name = "the log has what each process was told";
    expect(broken(checkRace(log(good), { ...facts, confirmed: [...facts.confirmed, { agent: "one", job: "a" }] }))).toEqual([name]);
    expect(broken(checkRace(log(good), { ...facts, confirmed: facts.confirmed.slice(1) }))).toEqual([name]);
  });

  it("breaks where there was no race", () => {
    expect(broken(checkRace([], { jobs: [], killed: null, confirmed: [] }))).toContain("every job was completed exactly once");
  });
});

describe("the release story", () => {
  const lines: Line[] = [
    { type: "task.created", task: "release", agent: "shipper" },
    { type: "task.claimed", task: "release", agent: "shipper", claim: "c1" },
    { type: "task.created", task: "bug", agent: "fixer" },
    { type: "task.claimed", task: "bug", agent: "fixer", claim: "c2" },
    { type: "task.completed", task: "bug", agent: "fixer", claim: "c2", data: { ack_id: "ack" } },
    { type: "task.created", task: "ack", agent: "fixer" },
    { type: "task.completed", task: "release", agent: "shipper", claim: "c1" },
  ];
  const commit = "0123456789".repeat(4);
  const digest = "ab".repeat(32);
  const facts: StoryFacts = {
    redBefore: true,
    greenAfter: true,
    bug: "bug",
    release: "release",
    fixer: "fixer",
    shipper: "shipper",
    wokenBy: "ack",
    committed: commit,
    readFromAck: commit,
    verified: true,
    recordedDigest: digest,
    artifactDigest: digest,
  };

  it("holds where it went as promised", () => {
    expect(broken(checkStory(log(lines), facts))).toEqual([]);
  });

  it.each<[string, Partial<StoryFacts>, string]>([
    ["the test never failed", { redBefore: false }, "the test was red before the fix and green after it"],
    ["the test fails still", { greenAfter: false }, "the test was red before the fix and green after it"],
    ["another agent claimed", { fixer: "somebody" }, "each job was claimed by who did it"],
    ["something else ended the wait", { wokenBy: "other" }, "that ack is what ended the wait"],
    ["the ack names another commit", { readFromAck: "f".repeat(40) }, "the commit in the ack is the fix, and passes the test"],
    ["the commit was not verified", { verified: false }, "the commit in the ack is the fix, and passes the test"],
    ["nothing was committed", { committed: "", readFromAck: "" }, "the commit in the ack is the fix, and passes the test"],
    ["the artifact is another", { artifactDigest: "cd".repeat(32) }, "it shipped then, and the artifact is the one recorded"],
    ["there is no artifact", { artifactDigest: "", recordedDigest: "" }, "it shipped then, and the artifact is the one recorded"],
  ])("breaks where %s", (_what, change, name) => {
    expect(broken(checkStory(log(lines), { ...facts, ...change }))).toEqual([name]);
  });

  it("breaks where something came between the fix and its ack", () => {
    const apart = [...lines.slice(0, 5), { type: "task.created", task: "x" } as Line, ...lines.slice(5)];
    expect(broken(checkStory(log(apart), facts))).toEqual(["the fix and its ack were written together"]);
  });

  it("breaks where it shipped before the fix", () => {
    const early = [...lines.slice(0, 4), lines[6]!, ...lines.slice(4, 6)];
    expect(broken(checkStory(log(early), facts))).toEqual(["it shipped then, and the artifact is the one recorded"]);
  });
});
