import { type Page, readBackup } from "../backup/file.ts";
import { type Ending, endingsOf } from "../backup/restore.ts";
import { CliError } from "../errors.ts";
import { VERSION } from "../version.ts";
import { EXPORT_VERSION, type PortRecord } from "./format.ts";

type Value = string | number | null;
type Row = Readonly<Record<string, Value>>;

/**
 * A workspace in a backup, as the records of an export: as it was in the backup's last turn. The file is read twice, and what is kept in
 * memory is what changed while it was written, agents, retractions, and each task's number with its id.
 * @param workspace which one, where the backup has several
 */
export async function* recordsOf(file: string, workspace?: string): AsyncGenerator<PortRecord> {
  const { endings } = await endingsOf(file);
  const ending = choose(endings, workspace);
  const { head } = ending;
  const counts: Record<string, number> = {};
  const records = new Records(ending);
  yield {
    record: "coord_export",
    version: EXPORT_VERSION,
    coord: VERSION,
    workspace: head.workspace,
    at: head.at,
    head: ending.rows.events ?? 0,
  };
  for await (const page of pagesOf(file, ending)) {
    for (const values of page.rows) {
      const row = Object.fromEntries(page.columns.map((column, at) => [column, values[at] ?? null]));
      for (const record of records.of(page.table, row)) {
        counts[record.record] = (counts[record.record] ?? 0) + 1;
        yield record;
      }
    }
  }
  yield { record: "end", counts };
}

function choose(endings: readonly Ending[], workspace: string | undefined): Ending {
  const names = endings.map(({ head }) => head.workspace);
  const found =
    workspace === undefined ? (endings.length === 1 ? endings[0] : undefined) : endings.find(({ head }) => head.workspace === workspace);
  if (found) return found;
  throw new CliError(
    workspace === undefined
      ? `there are ${endings.length} workspaces in it: ${names.join(", ")}`
      : `there is no workspace ${workspace} in it; there is ${names.join(", ")}`,
    { next: "say which one: --from-workspace NAME", data: { workspaces: names } },
  );
}

/** The tables of one workspace in their order, each row once and as it was at the end. */
async function* pagesOf(file: string, ending: Ending): AsyncGenerator<Page> {
  const { head, touched, pages } = ending;
  const left = Object.keys(head.tables);
  let current = false;
  for await (const line of readBackup(file)) {
    if ("workspace" in line) current = line.workspace === head.workspace;
    else if (!current) continue;
    else if ("table" in line) {
      while (left[0] !== undefined && left[0] !== line.table) yield* pages.get(left.shift()!) ?? [];
      const number = head.tables[line.table] === "number" ? line.columns.indexOf("number") : -1;
      yield number === -1 ? line : { ...line, rows: line.rows.filter((row) => !touched.has(row[number] as number)) };
    } else if ("final" in line) {
      current = false; // what follows is in the ending already
      for (const table of left.splice(0)) yield* pages.get(table) ?? [];
    }
  }
}

class Records {
  readonly #ids = new Map<Value, string>();
  readonly #retractions: ReadonlyMap<Value, Row>;
  readonly #dismissals: ReadonlyMap<Value, Row>;

  constructor(ending: Ending) {
    this.#retractions = keyed(ending.pages.get("retractions"), "note_id");
    this.#dismissals = keyed(ending.pages.get("dismissals"), "review_id");
  }

  /** The records that a row is: none for what is kept for searching, for hosts or for webhooks (whose credentials stay where they are). */
  of(table: string, row: Row): PortRecord[] {
    const make = MAKERS[table];
    return make ? make.call(this, row) : [];
  }

  id(number: Value | undefined): string {
    return this.#ids.get(number ?? null) ?? "";
  }

  learn(row: Row): void {
    this.#ids.set(row.number ?? null, String(row.id));
  }

  /** The withdrawal of a note, where there is one. */
  retracted(note_id: Value | undefined) {
    const row = this.#retractions.get(note_id ?? null);
    return row ? { by: text(row.by), reason: text(row.reason), at: time(row.at)!, purged: row.purged === 1 } : null;
  }

  dismissed(review_id: Value | undefined) {
    const row = this.#dismissals.get(review_id ?? null);
    return row ? { by: text(row.by), reason: text(row.reason), at: time(row.at)! } : null;
  }
}

const MAKERS: Readonly<Record<string, (this: Records, row: Row) => PortRecord[]>> = {
  tasks(row) {
    this.learn(row);
    const task_id = text(row.id);
    const attempt = Number(row.attempt);
    return [
      {
        record: "task",
        id: task_id,
        number: Number(row.number),
        name: text(row.name),
        kind: text(row.kind),
        priority: text(row.priority),
        state: text(row.state),
        performer: row.performer === "user" ? "user" : "agent",
        assignee: orNull(row.assignee),
        labels: json(row.labels) as string[],
        review: row.review === "required" ? "required" : "none",
        required_approvals: Number(row.required_approvals ?? 1),
        description: text(row.description),
        payload: json(row.payload),
        result: json(row.result),
        attempt,
        claimed_by: orNull(row.claimed_by),
        claimed_at: time(row.claimed_at),
        lease_until: time(row.lease_until),
        created_by: orNull(row.created_by),
        created_at: time(row.created_at)!,
        updated_at: time(row.updated_at)!,
        rev: Number(row.rev),
      },
      ...(row.claim_id === null || row.claim_id === undefined
        ? []
        : [
            {
              record: "claim" as const,
              claim_id: text(row.claim_id),
              task_id,
              agent_id: text(row.claimed_by),
              attempt,
              claimed_at: time(row.claimed_at)!,
              lease_until: time(row.lease_until),
              ended_at: null,
              end: null,
            },
          ]),
      ...(row.attempt_open === 1
        ? [
            {
              record: "attempt" as const,
              task_id,
              number: attempt,
              trigger: text(row.attempt_trigger),
              started_at: time(row.attempt_started_at),
              ended_at: null,
              outcome: null,
              summary: null,
              result: null,
            },
          ]
        : []),
    ];
  },
  dependencies(row) {
    return [{ record: "dependency", task_id: this.id(row.number), depends_on: this.id(row.depends_on) }];
  },
  claims(row) {
    return [
      {
        record: "claim",
        claim_id: text(row.claim_id),
        task_id: this.id(row.number),
        agent_id: text(row.agent_id),
        attempt: Number(row.attempt),
        claimed_at: time(row.claimed_at)!,
        lease_until: time(row.lease_until),
        ended_at: time(row.ended_at),
        end: orNull(row.end),
      },
    ];
  },
  attempts(row) {
    return [
      {
        record: "attempt",
        task_id: this.id(row.number),
        number: Number(row.attempt),
        trigger: text(row.trigger),
        started_at: time(row.started_at),
        ended_at: time(row.ended_at),
        outcome: orNull(row.outcome),
        summary: orNull(row.summary),
        result: json(row.result),
      },
    ];
  },
  agents(row) {
    return [
      {
        record: "agent",
        id: text(row.id),
        name: text(row.name),
        type: row.type === "user" ? "user" : "agent",
        first_seen: time(row.first_seen)!,
        last_seen: time(row.last_seen)!,
      },
    ];
  },
  events(row) {
    return [
      {
        record: "event",
        seq: Number(row.seq),
        at: time(row.at)!,
        type: text(row.type),
        ...(row.number === null ? {} : { task_id: this.id(row.number) }),
        ...(row.agent_id === null ? {} : { agent_id: text(row.agent_id) }),
        principal: text(row.principal),
        data: json(row.data),
      },
    ];
  },
  reviews(row) {
    return [
      {
        record: "review",
        review_id: text(row.review_id),
        task_id: this.id(row.number),
        attempt: Number(row.attempt),
        reviewer: text(row.reviewer),
        decision: text(row.decision),
        body: orNull(row.body),
        mentions: json(row.mentions) as string[],
        at: time(row.at)!,
        dismissed: this.dismissed(row.review_id),
      },
    ];
  },
  notes(row) {
    const retracted = this.retracted(row.note_id);
    return [
      {
        record: "note",
        note_id: text(row.note_id),
        task_id: this.id(row.number),
        attempt: row.attempt === null ? null : Number(row.attempt),
        author: text(row.author),
        // what was withdrawn is withheld here as everywhere
        body: retracted ? null : text(row.body),
        mentions: json(row.mentions) as string[],
        at: time(row.at)!,
        retracted,
      },
    ];
  },
};

function keyed(pages: readonly Page[] | undefined, key: string): Map<Value, Row> {
  const rows = (pages ?? []).flatMap((page) =>
    page.rows.map((row) => Object.fromEntries(page.columns.map((column, at) => [column, row[at] ?? null]))),
  );
  return new Map(rows.map((row) => [row[key] ?? null, row]));
}

function text(value: Value | undefined): string {
  return value === null || value === undefined ? "" : String(value);
}

function orNull(value: Value | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

function time(value: Value | undefined): string | null {
  return typeof value === "number" ? new Date(value).toISOString() : null;
}

function json(value: Value | undefined): unknown {
  return typeof value === "string" ? (JSON.parse(value) as unknown) : null;
}
