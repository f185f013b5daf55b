import { CLAIM_ENDS, STATE_NAMES, STATES } from "../../protocol/index.ts";
import type { Sql } from "./sql.ts";

export interface Migration {
  readonly id: number;
  readonly what: string;
  /** A program that does not know this one must not touch the database. */
  readonly breaking: boolean;
  readonly sql: string;
}

const list = (words: readonly string[]) => words.map((word) => `'${word}'`).join(", ");
const terminal = STATE_NAMES.filter((state) => STATES[state].terminal);

/**
 * The schema, in numbered steps; a step that has shipped is never edited. Times are integer milliseconds.
 *
 * What is open lives on the task's own row (the current claim, the current attempt); what has ended moves to `claims` and
 * `attempts`. So a claim is one UPDATE and one line of the log, and "at most one holder" is a fact of the row's shape.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    id: 1,
    what: "tasks, claims, attempts, dependencies, agents, events, idempotency keys",
    breaking: true,
    sql: `
CREATE TABLE tasks (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL CHECK (length(name) > 0),
  folded_name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (length(kind) > 0),
  priority TEXT NOT NULL CHECK (length(priority) > 0),
  rank INTEGER NOT NULL,
  front INTEGER NOT NULL DEFAULT 0 CHECK (front IN (0, 1)),
  state TEXT NOT NULL CHECK (state IN (${list(STATE_NAMES)})),
  performer TEXT NOT NULL CHECK (performer IN ('agent', 'user')),
  assignee TEXT,
  description TEXT NOT NULL,
  payload TEXT CHECK (payload IS NULL OR json_valid(payload)),
  result TEXT CHECK (result IS NULL OR json_valid(result)),
  labels TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(labels)),
  review TEXT NOT NULL CHECK (review IN ('none', 'required')),
  dependencies INTEGER NOT NULL DEFAULT 0,
  blocked INTEGER NOT NULL DEFAULT 0 CHECK (blocked BETWEEN 0 AND dependencies),
  attempt INTEGER NOT NULL DEFAULT 0,
  attempt_open INTEGER NOT NULL DEFAULT 0 CHECK (attempt_open IN (0, 1)),
  attempt_trigger TEXT NOT NULL DEFAULT 'first' CHECK (attempt_trigger IN ('first', 'changes_requested', 'retry')),
  attempt_started_at INTEGER,
  claim_id TEXT,
  claimed_by TEXT,
  claimed_at INTEGER,
  lease_until INTEGER,
  created_by TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  rev INTEGER NOT NULL DEFAULT 1,
  -- held is held: a claim id, a holder, a time, and a deadline unless a person holds a person's job; nobody else has a claim id or a deadline
  CHECK ((state = 'claimed') = (claim_id IS NOT NULL)),
  CHECK (state <> 'claimed' OR (claimed_by IS NOT NULL AND claimed_at IS NOT NULL AND (lease_until IS NOT NULL OR performer = 'user'))),
  CHECK (state = 'claimed' OR lease_until IS NULL),
  CHECK (state NOT IN ('idea', 'backlog', 'pending') OR claimed_by IS NULL),
  CHECK (state NOT IN (${list(terminal)}) OR attempt_open = 0),
  CHECK (state <> 'claimed' OR (blocked = 0 AND attempt_open = 1 AND attempt >= 1))
) STRICT;
CREATE INDEX tasks_queue ON tasks (front DESC, rank, number) WHERE state = 'pending' AND blocked = 0;
CREATE INDEX tasks_queue_kind ON tasks (kind, front DESC, rank, number) WHERE state = 'pending' AND blocked = 0;
CREATE INDEX tasks_queue_creator ON tasks (created_by, front DESC, rank, number) WHERE state = 'pending' AND blocked = 0 AND created_by IS NOT NULL;
CREATE INDEX tasks_queue_assignee ON tasks (assignee, front DESC, rank, number) WHERE state = 'pending' AND blocked = 0 AND assignee IS NOT NULL;
CREATE INDEX tasks_people ON tasks (state) WHERE performer = 'user';
CREATE INDEX tasks_lease ON tasks (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX tasks_state ON tasks (state);
CREATE INDEX tasks_kind_state ON tasks (kind, state);
CREATE INDEX tasks_priority ON tasks (priority);
-- apart, so that a claim touches the few pages of what is held now and not those of all that was ever held
CREATE INDEX tasks_holding ON tasks (claimed_by) WHERE state = 'claimed';
CREATE INDEX tasks_held ON tasks (claimed_by) WHERE state <> 'claimed' AND claimed_by IS NOT NULL;
CREATE INDEX tasks_created_by ON tasks (created_by) WHERE created_by IS NOT NULL;
CREATE INDEX tasks_assignee ON tasks (assignee) WHERE assignee IS NOT NULL;
CREATE TABLE task_labels (label TEXT NOT NULL, number INTEGER NOT NULL REFERENCES tasks (number), PRIMARY KEY (label, number)) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE tasks_text USING fts5 (name, description, payload, content = '', contentless_delete = 1);
CREATE VIRTUAL TABLE tasks_names USING fts5 (folded_name, content = '', contentless_delete = 1, tokenize = 'trigram case_sensitive 1');
CREATE TABLE dependencies (
  number INTEGER NOT NULL REFERENCES tasks (number),
  depends_on INTEGER NOT NULL REFERENCES tasks (number) CHECK (depends_on <> number),
  PRIMARY KEY (number, depends_on)
) STRICT, WITHOUT ROWID;
CREATE INDEX dependencies_on ON dependencies (depends_on);
CREATE TABLE claims (
  claim_id TEXT PRIMARY KEY,
  number INTEGER NOT NULL REFERENCES tasks (number),
  agent_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  claimed_at INTEGER NOT NULL,
  lease_until INTEGER,
  ended_at INTEGER NOT NULL,
  "end" TEXT NOT NULL CHECK ("end" IN (${list(CLAIM_ENDS)}))
) STRICT, WITHOUT ROWID;
CREATE INDEX claims_task ON claims (number, ended_at);
CREATE TABLE attempts (
  number INTEGER NOT NULL REFERENCES tasks (number),
  attempt INTEGER NOT NULL,
  trigger TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  summary TEXT,
  result TEXT,
  PRIMARY KEY (number, attempt)
) STRICT, WITHOUT ROWID;
CREATE TABLE agents (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('agent', 'user')),
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  checked_in INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  type TEXT NOT NULL,
  number INTEGER REFERENCES tasks (number),
  -- of the task right after the event, before the bulk of the row: a search over a long log reads no further than these
  kind TEXT,
  state TEXT,
  agent_id TEXT,
  principal TEXT NOT NULL,
  data TEXT NOT NULL CHECK (json_valid(data))
) STRICT;
CREATE INDEX events_task ON events (number, seq) WHERE number IS NOT NULL;
CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER events_gapless AFTER INSERT ON events WHEN NEW.seq <> 1 AND NOT EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq - 1)
BEGIN SELECT RAISE(ABORT, 'the event log has no gaps'); END;
CREATE TRIGGER tasks_no_delete BEFORE DELETE ON tasks BEGIN SELECT RAISE(ABORT, 'tasks are never deleted'); END;
CREATE TRIGGER tasks_terminal BEFORE UPDATE OF state ON tasks WHEN OLD.state IN (${list(terminal)}) AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'completed and cancelled are for ever'); END;
CREATE TABLE idempotency (
  key TEXT PRIMARY KEY,
  call TEXT NOT NULL,
  answer TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at);
`,
  },
  {
    id: 2,
    what: "reviews, notes, mentions, required approvals",
    breaking: true,
    sql: `
ALTER TABLE tasks ADD COLUMN required_approvals INTEGER NOT NULL DEFAULT 1 CHECK (required_approvals >= 1);
CREATE TABLE reviews (
  review_id TEXT PRIMARY KEY,
  number INTEGER NOT NULL REFERENCES tasks (number),
  attempt INTEGER NOT NULL,
  reviewer TEXT NOT NULL,
  decision TEXT NOT NULL CHECK (decision IN ('approve', 'request_changes', 'comment')),
  body TEXT,
  mentions TEXT NOT NULL CHECK (json_valid(mentions)),
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  CHECK (decision = 'approve' OR length(body) > 0)
) STRICT, WITHOUT ROWID;
CREATE INDEX reviews_task ON reviews (number, seq);
CREATE TABLE dismissals (
  review_id TEXT PRIMARY KEY REFERENCES reviews (review_id),
  by TEXT NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE notes (
  note_id TEXT PRIMARY KEY,
  number INTEGER NOT NULL REFERENCES tasks (number),
  attempt INTEGER,
  author TEXT NOT NULL,
  body TEXT NOT NULL,
  mentions TEXT NOT NULL CHECK (json_valid(mentions)),
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX notes_task ON notes (number, seq);
-- the latest withdrawal of a note: retracted (body withheld) or purged (body gone)
CREATE TABLE retractions (
  note_id TEXT PRIMARY KEY REFERENCES notes (note_id),
  by TEXT NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL,
  purged INTEGER NOT NULL CHECK (purged IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE TABLE mentions (
  agent_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (agent_id, seq)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER reviews_no_update BEFORE UPDATE ON reviews BEGIN SELECT RAISE(ABORT, 'a review is for ever'); END;
CREATE TRIGGER reviews_no_delete BEFORE DELETE ON reviews BEGIN SELECT RAISE(ABORT, 'a review is for ever'); END;
CREATE TRIGGER notes_no_delete BEFORE DELETE ON notes BEGIN SELECT RAISE(ABORT, 'a note is for ever'); END;
CREATE TRIGGER notes_no_update BEFORE UPDATE ON notes
WHEN NEW.note_id <> OLD.note_id OR NEW.number <> OLD.number OR NEW.author <> OLD.author OR NEW.at <> OLD.at OR NEW.seq <> OLD.seq
  OR NOT EXISTS (SELECT 1 FROM retractions WHERE note_id = OLD.note_id AND purged = 1)
BEGIN SELECT RAISE(ABORT, 'a note is for ever'); END;
`,
  },
  {
    id: 3,
    what: "A2A: contexts, messages as they came, webhooks",
    // an older coord leaves these tables alone; only a note that it purges would keep its copy here, and the trigger sees to that
    breaking: false,
    sql: `
CREATE TABLE a2a_tasks (
  number INTEGER PRIMARY KEY REFERENCES tasks (number),
  context_id TEXT NOT NULL
) STRICT;
CREATE INDEX a2a_tasks_context ON a2a_tasks (context_id);
CREATE TABLE a2a_messages (
  number INTEGER NOT NULL REFERENCES tasks (number),
  seq INTEGER NOT NULL,
  note_id TEXT,
  message TEXT NOT NULL CHECK (json_valid(message)),
  PRIMARY KEY (number, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX a2a_messages_note ON a2a_messages (note_id) WHERE note_id IS NOT NULL;
CREATE TRIGGER a2a_messages_purge AFTER INSERT ON retractions WHEN NEW.purged = 1 BEGIN DELETE FROM a2a_messages WHERE note_id = NEW.note_id; END;
CREATE TABLE a2a_push (
  number INTEGER NOT NULL REFERENCES tasks (number),
  config_id TEXT NOT NULL,
  url TEXT NOT NULL,
  token TEXT,
  scheme TEXT,
  credentials TEXT,
  wire TEXT NOT NULL CHECK (wire IN ('1.0', '0.3')),
  uri TEXT NOT NULL,
  cursor INTEGER NOT NULL,
  failures INTEGER NOT NULL DEFAULT 0,
  failing_since INTEGER,
  next_at INTEGER,
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  ended TEXT CHECK (ended IN ('delivered', 'gave_up')),
  PRIMARY KEY (number, config_id),
  CHECK ((ended_at IS NULL) = (ended IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX a2a_push_open ON a2a_push (number) WHERE ended_at IS NULL;
`,
  },
  {
    id: 4,
    what: "what each agent was offered and has read",
    breaking: false,
    sql: `
ALTER TABLE agents ADD COLUMN offered_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN read_seq INTEGER NOT NULL DEFAULT 0;
CREATE INDEX reviews_seq ON reviews (seq);
`,
  },
  {
    id: 5,
    what: "the workspace's own name, so that a file alone tells whose it is",
    breaking: false,
    sql: "CREATE TABLE workspace (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;",
  },
];

export class NewerDatabase extends Error {
  constructor(id: number, what: string) {
    super(`this workspace was written by a newer coord (schema ${id}: ${what}); update coord, nothing was changed`);
    this.name = "NewerDatabase";
  }
}

/**
 * Brings a database up to date, synchronously, in the object's constructor. Each step is one transaction with its row
 * written first, so a crash leaves it done or not begun. Refuses a database that a newer coord changed in a breaking way.
 * @returns the schema's number
 */
export function migrate(
  sql: Sql,
  transaction: (body: () => void) => void,
  now: number,
  migrations: readonly Migration[] = MIGRATIONS,
): number {
  sql.run(
    "CREATE TABLE IF NOT EXISTS _migrations (id INTEGER PRIMARY KEY, what TEXT NOT NULL, breaking INTEGER NOT NULL, applied_at INTEGER NOT NULL) STRICT",
  );
  const applied = sql.all<{ id: number; what: string; breaking: number }>("SELECT id, what, breaking FROM _migrations ORDER BY id");
  const known = new Set(migrations.map((migration) => migration.id));
  const newer = applied.find((row) => row.breaking === 1 && !known.has(row.id));
  if (newer) throw new NewerDatabase(newer.id, newer.what);
  const done = new Set(applied.map((row) => row.id));
  for (const migration of migrations) {
    if (done.has(migration.id)) continue;
    transaction(() => {
      sql.run(
        "INSERT INTO _migrations (id, what, breaking, applied_at) VALUES (?, ?, ?, ?)",
        migration.id,
        migration.what,
        migration.breaking ? 1 : 0,
        now,
      );
      sql.run(migration.sql);
    });
  }
  return Math.max(0, ...migrations.map((migration) => migration.id), ...applied.map((row) => row.id));
}
