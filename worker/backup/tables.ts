/**
 * How a table is read while others write. `number`: in the order of its tasks' numbers; what a task has there changes only with a line of
 * the log about that task (or with one about a task that it depends on). `seq`: append-only, in the log's order. `whole`: small, read last.
 */
export type Reading = "number" | "seq" | "whole";

/**
 * The tables that a backup carries, each after those that it refers to. Left out is what is made from them anew (labels' rows, full-text
 * indexes), and idempotency keys, which live for a day. A test holds this list against the schema.
 */
export const TABLES: Readonly<Record<string, Reading>> = {
  tasks: "number",
  dependencies: "number",
  claims: "number",
  attempts: "number",
  agents: "whole",
  events: "seq",
  reviews: "seq",
  dismissals: "whole",
  notes: "number",
  retractions: "whole",
  mentions: "whole",
  a2a_tasks: "number",
  a2a_messages: "number",
  a2a_push: "whole",
};

export const LEFT_OUT: readonly string[] = ["_migrations", "workspace", "idempotency", "task_labels", "tasks_text", "tasks_names"];
