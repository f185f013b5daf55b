import type { Sql } from "../../core/sql.ts";
import { isoTime } from "../../core/time.ts";
import type { WireArtifact, WirePart } from "../wire.ts";
import type { Subject } from "./updates.ts";

interface AttemptRow {
  attempt: number;
  ended_at: number;
  outcome: string;
  summary: string | null;
  result: string | null;
}

/** Characters of results that one task shows at most; the newest attempts come first in line. */
const MOST_CHARS = 4 * 1024 * 1024;

/** The results of a task's attempts, oldest first: each attempt that left a result or a summary is one artifact. */
export function artifactsOf(sql: Sql, subject: Subject): WireArtifact[] {
  const rows = sql.all<AttemptRow>(
    `${SELECT} AND outcome IN ('completed', 'submitted', 'approved', 'changes_requested') ORDER BY attempt DESC LIMIT 100`,
    subject.row.number,
  );
  const found: WireArtifact[] = [];
  let chars = 0;
  for (const row of rows) {
    chars += row.result?.length ?? 0;
    if (chars > MOST_CHARS && found.length > 0) break;
    const artifact = toArtifact(row, subject.uri);
    if (artifact) found.unshift(artifact);
  }
  return found.length > 0 ? found : finished(sql, subject);
}

/** The artifact of one attempt, where it left anything. */
export function artifactOf(sql: Sql, subject: Subject, attempt: number): WireArtifact | undefined {
  const row = sql.first<AttemptRow>(`${SELECT} AND attempt = ?`, subject.row.number, attempt);
  return row ? toArtifact(row, subject.uri) : finished(sql, subject)[0];
}

const SELECT =
  "SELECT attempt, ended_at, outcome, summary, result FROM attempts WHERE number = ? AND (result IS NOT NULL OR summary IS NOT NULL)";

function toArtifact(row: AttemptRow, uri: string): WireArtifact | undefined {
  const parts = row.result === null ? [{ text: row.summary! }] : resultParts(row.result);
  return {
    artifactId: `attempt-${row.attempt}`,
    name: `Result of attempt ${row.attempt}`,
    ...(row.summary && row.result !== null ? { description: row.summary } : {}),
    parts,
    metadata: { [uri]: { attempt: row.attempt, outcome: row.outcome, endedAt: isoTime(row.ended_at) } },
  };
}

/** A job that a person finished without an attempt has its result on its own row. */
function finished(sql: Sql, subject: Subject): WireArtifact[] {
  const row = sql.first<{ result: string | null }>("SELECT result FROM tasks WHERE number = ? AND state = 'completed'", subject.row.number);
  return row?.result ? [{ artifactId: "result", name: "Result", parts: resultParts(row.result) }] : [];
}

/** A text stays a text; parts that came as A2A parts stay parts; anything else is data. */
function resultParts(json: string): WirePart[] {
  const result: unknown = JSON.parse(json);
  if (typeof result === "string") return [{ text: result }];
  const parts = typeof result === "object" && result !== null ? (result as { a2a_parts?: unknown }).a2a_parts : undefined;
  return Array.isArray(parts) && parts.length > 0 ? (parts as WirePart[]) : [{ data: result }];
}
