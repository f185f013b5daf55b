import { expect, test } from "vitest";
import { EVENT_TYPES } from "../../protocol/events.ts";
import { type Story, storyLines } from "./story.ts";
import { width } from "./text.ts";

const SPACE = { columns: 80, colour: false };
const AT = new Date(2026, 0, 2, 3, 4, 5).toISOString();
const [CLAIM, REVIEW, NOTE] = ["c", "r", "n"];

function story(events: Partial<Story["events"][number]>[], fields: Partial<Story> = {}): Story {
  return {
    attempts: [],
    claims: [],
    reviews: [],
    notes: [],
    events: events.map((event, at) => ({ seq: at + 1, at: AT, type: "task.created", principal: "owner", data: {}, ...event })),
    ...fields,
  };
}
const on = (attempt: number, name = "mend the gate") => ({ task: { number: 7, name, attempt, kind: "bug", priority: "high" } });

test("a job's story is told in order, under its attempts", () => {
  const told = storyLines(
    story(
      [
        { type: "task.created", agent_id: "owl", data: on(0) },
        { type: "task.claimed", agent_id: "lynx", data: { ...on(1), claim_id: CLAIM, lease_until: AT } },
        { type: "note.added", agent_id: "owl", data: { ...on(1), note_id: NOTE } },
        { type: "task.submitted", agent_id: "lynx", data: { ...on(1), claim_id: CLAIM } },
        { type: "review.decided", agent_id: "heron", data: { ...on(1), review_id: REVIEW } },
        { type: "task.claimed", agent_id: "otter", data: { ...on(2), claim_id: CLAIM, lease_until: null } },
        { type: "task.lapsed", agent_id: "otter", data: { ...on(2), claim_id: CLAIM } },
      ],
      {
        attempts: [
          {
            task_id: "t",
            number: 1,
            trigger: "first",
            started_at: AT,
            ended_at: AT,
            outcome: "changes_requested",
            summary: "first try",
            result: { commit: "abc" },
          },
          {
            task_id: "t",
            number: 2,
            trigger: "changes_requested",
            started_at: AT,
            ended_at: null,
            outcome: null,
            summary: null,
            result: null,
          },
        ],
        reviews: [
          {
            review_id: REVIEW,
            task_id: "t",
            attempt: 1,
            reviewer: "heron",
            decision: "request_changes",
            body: "two\nlines",
            mentions: [],
            at: AT,
            dismissed: null,
          },
        ],
        notes: [{ note_id: NOTE, task_id: "t", attempt: 1, author: "owl", body: "look", mentions: [], at: AT, retracted: null }],
      },
    ),
    SPACE,
  );
  expect(told).toEqual([
    "#7 mend the gate",
    "03:04:05  posted by owl: bug, high priority",
    "",
    "attempt 1: changes requested",
    "03:04:05  lynx claimed it",
    "03:04:05  owl:",
    "          look",
    "03:04:05  lynx handed it in",
    "          first try",
    '          result {"commit":"abc"}',
    "03:04:05  heron asked for changes",
    "          two",
    "          lines",
    "",
    "attempt 2, after a request for changes: under way",
    "03:04:05  otter claimed it, without a deadline",
    "03:04:05  otter's lease lapsed",
    "",
    "heron's request for changes is open; an owner sets it aside with:",
    "  coord dismiss r --reason WHY",
  ]);
});

test("a retracted note keeps its place without its words, and days are told where there are several", () => {
  const later = new Date(2026, 0, 3, 10, 0, 0).toISOString();
  const told = storyLines(
    story([{ data: on(0) }, { type: "note.added", agent_id: "owl", at: later, data: { ...on(0), note_id: NOTE } }], {
      notes: [
        {
          note_id: NOTE,
          task_id: "t",
          attempt: null,
          author: "owl",
          body: null,
          mentions: [],
          at: later,
          retracted: { by: "anna", reason: "wrong task", at: later, purged: false },
        },
      ],
    }),
    SPACE,
  );
  expect(told.slice(1)).toEqual([
    "2026-01-02",
    "03:04:05  posted: bug, high priority",
    "2026-01-03",
    "10:00:00  owl:",
    "          (retracted by anna: wrong task)",
  ]);
});

test("every kind of event is told, of hostile and long words too, in lines that fit", () => {
  const words = `\u001b[2J‮${"long ".repeat(60)}\nforged`;
  const data = {
    ...on(1, words),
    reason: words,
    changed: [words],
    note_id: NOTE,
    review_id: REVIEW,
    claim_id: CLAIM,
    result: words,
    on: words,
  };
  const review = {
    review_id: REVIEW,
    task_id: "t",
    attempt: 1,
    reviewer: words,
    decision: "request_changes" as const,
    body: words,
    mentions: [],
    at: AT,
    dismissed: null,
  };
  const told = storyLines(
    story(
      EVENT_TYPES.map((type) => ({ type, agent_id: words, data })),
      {
        attempts: [
          { task_id: "t", number: 1, trigger: "retry", started_at: AT, ended_at: AT, outcome: "failed", summary: words, result: words },
        ],
        reviews: [review],
        notes: [{ note_id: NOTE, task_id: "t", attempt: null, author: words, body: words, mentions: [], at: AT, retracted: null }],
      },
    ),
    SPACE,
  );
  expect(told.length).toBeGreaterThan(EVENT_TYPES.length);
  for (const line of told) {
    expect(width(line)).toBeLessThanOrEqual(80);
    expect(line).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
  }
  expect(storyLines(story(EVENT_TYPES.map((type) => ({ type }))), SPACE).length).toBeGreaterThan(EVENT_TYPES.length - 2);
});
