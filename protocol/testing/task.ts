import type { Task } from "../records.ts";

/** A job that nobody has touched, for tests that need one without a board. */
export function sampleTask(over: Partial<Task> = {}): Task {
  return {
    id: "0f2d6ab4-1111-4222-8333-444455556666",
    name: "fix the build",
    kind: "task",
    priority: "normal",
    state: "pending",
    claimed_by: null,
    payload: null,
    result: null,
    created_at: "2026-01-02T03:04:05.000Z",
    updated_at: "2026-01-02T03:04:05.000Z",
    number: 7,
    description: "",
    performer: "agent",
    assignee: null,
    labels: [],
    review: "none",
    required_approvals: 1,
    attempt: 0,
    depends_on: [],
    held: null,
    created_by: null,
    rev: 1,
    ...over,
  };
}
