import { z } from "zod";
import { atMost } from "./limits.ts";
import { METHODS } from "./methods.ts";
import { AgentId, Json } from "./records.ts";

/**
 * The states that a task can be given by an import. A hold, a review that is open and a failure stand on a claim or an attempt of the board
 * that they happened on; they are not made up here: whoever imports says what becomes of such a job.
 */
export const IMPORTED_STATES = ["idea", "backlog", "pending", "completed", "cancelled"] as const;
export type ImportedState = (typeof IMPORTED_STATES)[number];

const { shape } = METHODS["tasks/send"].params;

/** Ids are compared as text. */
const id = z.uuid().transform((text) => text.toLowerCase());

/** One task of an import. Its id is the importer's: the same id again is the same task, and changes nothing. */
export const ImportTask = z.strictObject({
  id,
  name: shape.name,
  kind: shape.kind,
  priority: shape.priority,
  payload: Json.optional(),
  /** Of what was completed where it comes from. */
  result: Json.optional(),
  description: shape.description,
  performer: shape.performer,
  assignee: shape.assignee,
  labels: shape.labels,
  review: shape.review,
  required_approvals: shape.required_approvals,
  /** Full ids: of tasks on the board, or of earlier ones of this import. */
  depends_on: z
    .array(id)
    .max(...atMost("depends_on"))
    .default([]),
  state: z.enum(IMPORTED_STATES),
  /** Of what was cancelled. */
  reason: z
    .string()
    .max(...atMost("reason_chars"))
    .optional(),
  /** Said on the task by whoever imports, in this order; nobody is told of them. */
  notes: z.array(z.string().regex(/\S/, "something to say")).default([]),
});
export type ImportTask = z.output<typeof ImportTask>;
export type ImportTaskIn = z.input<typeof ImportTask>;

/** `POST /w/<workspace>/import`: created together or not at all. */
export const ImportRequest = z.strictObject({
  agent_id: AgentId.optional(),
  /** Tell what would be, and change nothing. */
  dry_run: z.boolean().default(false),
  tasks: z.array(ImportTask).max(...atMost("import_tasks")),
});
export type ImportRequest = z.output<typeof ImportRequest>;

export interface Imported {
  readonly created: readonly { readonly id: string; readonly number: number }[];
  /** Were on the board already, and are as they were. */
  readonly existing: readonly { readonly id: string; readonly number: number }[];
  readonly dry_run: boolean;
}
