/**
 * Every limit coord enforces, in one table: the number, its unit and the reason for it.
 * A request over a limit is refused with code `limit`, whose `data.limit` is the name used here.
 * Numbers that older clients are known to send out of range (`limit`, `wait_ms`, leases) are clamped instead.
 */
export interface Limit {
  readonly value: number;
  readonly unit: string;
  readonly why: string;
}

const KIB = 1024;

export const LIMITS = {
  body_bytes: {
    value: 1024 * KIB,
    unit: "bytes",
    why: "one request or session frame; a batch of full-sized payloads belongs in several requests",
  },
  restore_bytes: { value: 8 * KIB * KIB, unit: "bytes", why: "one part of a backup holds at least the largest row, its text escaped" },
  import_bytes: { value: 12 * KIB * KIB, unit: "bytes", why: "what crosses between worker and object in one piece, whatever its script" },
  import_tasks: {
    value: 5_000,
    unit: "tasks",
    why: "an import is one turn of the object, about a second of that size, and everybody waits for it",
  },
  batch_calls: { value: 100, unit: "calls", why: "one turn of the object applies a whole batch; longer ones would delay everyone else" },
  page_chars: {
    value: 4 * KIB * KIB,
    unit: "characters",
    why: "a page of tasks or events ends early at this size, with a cursor; never at less than one row",
  },
  answer_chars: {
    value: 16 * KIB * KIB,
    unit: "characters",
    why: "one request must not fill the memory that all workspaces share; pages and cursors read any amount in parts",
  },
  json_depth: { value: 100, unit: "levels", why: "deeper than any tool writes; the database stops at 1,000, a stack somewhere below" },
  name_chars: { value: 512, unit: "characters", why: "a name is a line that agents filter on; prose goes into the description" },
  kind_chars: { value: 64, unit: "characters", why: "a kind is a word" },
  priority_chars: { value: 32, unit: "characters", why: "a priority is a word" },
  payload_bytes: { value: 256 * KIB, unit: "bytes", why: "a row stays well below the platform's 2 MB with its result beside it" },
  result_bytes: { value: 256 * KIB, unit: "bytes", why: "as payload_bytes" },
  description_bytes: { value: 64 * KIB, unit: "bytes", why: "an instruction that no context window could hold helps nobody" },
  reason_chars: { value: 2000, unit: "characters", why: "a reason is shown on one screen" },
  labels: { value: 20, unit: "labels", why: "labels are for filtering, not for prose" },
  label_chars: { value: 64, unit: "characters", why: "a label is a word" },
  depends_on: { value: 50, unit: "dependencies", why: "a job that waits for more is a plan and should be split" },
  dependency_depth: { value: 200, unit: "jobs", why: "a chain that long is a plan gone wrong, and every check walks it" },
  note_bytes: { value: 64 * KIB, unit: "bytes", why: "as description_bytes, for notes and reviews" },
  required_approvals: { value: 10, unit: "approvals", why: "more reviewers than that never agree" },
  filter_ids: { value: 200, unit: "ids", why: "a wait's filter lives in its socket's 16 KiB attachment" },
  filter_values: { value: 32, unit: "values", why: "as filter_ids, for every other list in a filter" },
  filter_text_chars: { value: 256, unit: "characters", why: "as filter_ids, for name_contains and q" },
  list_rows: { value: 500, unit: "rows", why: "clamped: older clients ask for more; a cursor reads the rest" },
  wait_ms: {
    value: 60_000,
    unit: "milliseconds",
    why: "clamped: a held HTTP request keeps the object awake; sessions wait for as long as they like",
  },
  lease_min_seconds: { value: 1, unit: "seconds", why: "clamped: shorter leases lapse before their answer arrives" },
  lease_max_seconds: { value: 3600, unit: "seconds", why: "clamped: a dead holder may strand its work for an hour at most" },
  idempotency_key_chars: { value: 128, unit: "characters", why: "room for a UUID and a prefix" },
  idempotency_hours: { value: 24, unit: "hours", why: "longer than any client retries" },
  agent_id_chars: { value: 128, unit: "characters", why: "a handle is a name that people type" },
  workspace_chars: { value: 64, unit: "characters", why: "a workspace's name is part of a URL" },
  session_waits: { value: 64, unit: "waits", why: "they share the socket's attachment, and an agent waits for one thing at a time" },
  session_subscriptions: { value: 8, unit: "subscriptions", why: "as session_waits" },
  unread_chars: {
    value: 64 * KIB * KIB,
    unit: "characters",
    why: "the runtime keeps in memory what a session's client does not take; beyond this it is cut off, and resumes by its cursors",
  },
  attachment_bytes: { value: 16_384, unit: "bytes", why: "the platform's limit on what a sleeping socket remembers" },
  push_configs: { value: 10, unit: "webhooks", why: "on one task; each is called for everything that happens to it" },
  push_url_chars: { value: 2048, unit: "characters", why: "longer ones are not taken by servers either" },
  push_secret_chars: { value: 4096, unit: "characters", why: "a webhook's token or credentials go into one header" },
  push_failures: {
    value: 50,
    unit: "tries",
    why: "in a row, up to a quarter of an hour apart; a webhook that is down longer is given up, with a note",
  },
  push_hours: { value: 24, unit: "hours", why: "as push_failures" },
  sessions: { value: 10_000, unit: "sessions", why: "about 60 KB each in the local runtime; the platform stops at 32,768" },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof LIMITS;

/** Marks a schema's upper bound as one of the limits above, so that its refusal can name it: `z.string().max(...atMost("name_chars"))`. */
export function atMost(limit: LimitName): [number, string] {
  return [LIMITS[limit].value, `limit:${limit}`];
}

/** Lease given when the caller names none, in seconds. Operators change it with `COORD_DEFAULT_LEASE`. */
export const DEFAULT_LEASE_SECONDS = 300;

/** Rows in a list that names no limit. */
export const DEFAULT_LIST_ROWS = 50;

/** An agent is active up to the first, idle up to the second, then stale; in milliseconds since it was last seen. */
export const PRESENCE = { active_ms: 15_000, idle_ms: 60_000 } as const;
