/**
 * `coord export`: lines of JSON (UTF-8, one record a line, no blank ones). The first line says what it is and its version; each other one
 * names itself by `record`; the last is `end` with the counts, so that a file that was cut off is known. Fields are those of the wire
 * (protocol/records.ts): times RFC 3339 UTC, ids UUIDs. A reader passes over records and fields that it does not know; the version grows
 * when what is there changes its meaning.
 */
export const EXPORT_VERSION = 1;

export interface HeadRecord {
  readonly record: "coord_export";
  readonly version: number;
  /** The program that wrote it. */
  readonly coord: string;
  readonly workspace: string;
  readonly at: string;
  /** The log's last line. */
  readonly head: number;
}

export interface TaskRecord {
  readonly record: "task";
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly kind: string;
  readonly priority: string;
  readonly state: string;
  readonly performer: "agent" | "user";
  readonly assignee: string | null;
  readonly labels: readonly string[];
  readonly review: "none" | "required";
  readonly required_approvals: number;
  readonly description: string;
  readonly payload: unknown;
  readonly result: unknown;
  readonly attempt: number;
  readonly claimed_by: string | null;
  readonly claimed_at: string | null;
  readonly lease_until: string | null;
  readonly created_by: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly rev: number;
}

export interface DependencyRecord {
  readonly record: "dependency";
  readonly task_id: string;
  readonly depends_on: string;
}

export interface ClaimRecord {
  readonly record: "claim";
  readonly claim_id: string;
  readonly task_id: string;
  readonly agent_id: string;
  readonly attempt: number;
  readonly claimed_at: string;
  readonly lease_until: string | null;
  /** null, as is `end`, for the hold that stood when it was exported. */
  readonly ended_at: string | null;
  readonly end: string | null;
}

export interface AttemptRecord {
  readonly record: "attempt";
  readonly task_id: string;
  readonly number: number;
  readonly trigger: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly outcome: string | null;
  readonly summary: string | null;
  readonly result: unknown;
}

export interface ReviewRecord {
  readonly record: "review";
  readonly review_id: string;
  readonly task_id: string;
  readonly attempt: number;
  readonly reviewer: string;
  readonly decision: string;
  readonly body: string | null;
  readonly mentions: readonly string[];
  readonly at: string;
  readonly dismissed: { readonly by: string; readonly reason: string; readonly at: string } | null;
}

export interface NoteRecord {
  readonly record: "note";
  readonly note_id: string;
  readonly task_id: string;
  readonly attempt: number | null;
  readonly author: string;
  /** null where it was retracted. */
  readonly body: string | null;
  readonly mentions: readonly string[];
  readonly at: string;
  readonly retracted: { readonly by: string; readonly reason: string; readonly at: string; readonly purged: boolean } | null;
}

export interface AgentRecord {
  readonly record: "agent";
  readonly id: string;
  readonly name: string;
  readonly type: "agent" | "user";
  readonly first_seen: string;
  readonly last_seen: string;
}

export interface EventRecord {
  readonly record: "event";
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly task_id?: string;
  readonly agent_id?: string;
  readonly principal: string;
  readonly data: unknown;
}

export interface EndRecord {
  readonly record: "end";
  /** Of each record but the first and this one. */
  readonly counts: Readonly<Record<string, number>>;
}

export type PortRecord =
  | HeadRecord
  | TaskRecord
  | DependencyRecord
  | ClaimRecord
  | AttemptRecord
  | ReviewRecord
  | NoteRecord
  | AgentRecord
  | EventRecord
  | EndRecord;
