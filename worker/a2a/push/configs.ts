import { LIMITS, overLimit, type Refusal, refuse } from "../../../protocol/index.ts";
import { head } from "../../commands/reads.ts";
import type { Sql } from "../../core/sql.ts";
import type { TaskRow } from "../../core/tasks.ts";
import { answer, type Outcome, refused, type Turn } from "../../core/turn.ts";
import { findTask } from "../board/send.ts";
import { isOver, type WirePushConfig } from "../wire.ts";

/** A webhook as it is asked for. Its URL and secrets have been looked at (`checkWebhook`). */
export interface NewPushConfig {
  readonly id?: string;
  readonly url: string;
  readonly token?: string;
  readonly scheme?: string;
  readonly credentials?: string;
  /** The protocol it was asked for in, hence what its bodies look like. */
  readonly wire: "1.0" | "0.3";
  /** Key of coord's metadata in what it is sent. */
  readonly uri: string;
}

/** One row of `a2a_push`. */
export interface PushRow {
  number: number;
  config_id: string;
  url: string;
  token: string | null;
  scheme: string | null;
  credentials: string | null;
  wire: "1.0" | "0.3";
  uri: string;
  /** The last event of the log that was delivered, or before which there was nothing to deliver. */
  cursor: number;
  /** In a row, since the last delivery. */
  failures: number;
  failing_since: number | null;
  /** When to try again; null: as soon as there is something. */
  next_at: number | null;
  ended_at: number | null;
  /** Set with `ended_at`: everything was delivered up to the task's end, or the receiver was given up. */
  ended: "delivered" | "gave_up" | null;
}

/** The refusal of one config more than a task may have. One under an id that is there replaces that. */
export function roomForConfig(turn: Turn, row: TaskRow, config: NewPushConfig): Refusal | undefined {
  const { value, unit } = LIMITS.push_configs;
  const others = turn.sql.first<{ n: number }>(
    "SELECT count(*) AS n FROM a2a_push WHERE number = ? AND config_id <> ?",
    row.number,
    config.id ?? "",
  )!.n;
  return others >= value ? overLimit("push_configs", value, unit, others + 1) : undefined;
}

/** @param after the event of the log after which deliveries begin */
export function addPushConfig(turn: Turn, row: TaskRow, config: NewPushConfig, after: number): WirePushConfig {
  const id = config.id ?? turn.newId();
  const over = isOver(row.state) && after === head(turn.sql);
  turn.sql.run(
    `INSERT OR REPLACE INTO a2a_push (number, config_id, url, token, scheme, credentials, wire, uri, cursor, created_at, ended_at, ended)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    row.number,
    id,
    config.url,
    config.token ?? null,
    config.scheme ?? null,
    config.credentials ?? null,
    config.wire,
    config.uri,
    after,
    turn.now,
    over ? turn.now : null,
    over ? "delivered" : null,
  );
  return toConfig(configRow(turn.sql, row.number, id)!, row.id);
}

/** `CreateTaskPushNotificationConfig`: what happens from now on is delivered. */
export function createConfig(turn: Turn, params: { taskId: string; config: NewPushConfig }): Outcome<WirePushConfig> {
  const found = findTask(turn, params.taskId);
  if (!found.ok) return found;
  const full = roomForConfig(turn, found.value, params.config);
  return full ? refused(full) : answer(addPushConfig(turn, found.value, params.config, head(turn.sql)));
}

/** `GetTaskPushNotificationConfig`. No id: the oldest one, as 0.3 has it. */
export function getConfig(turn: Turn, params: { taskId: string; id?: string }): Outcome<WirePushConfig> {
  const found = findTask(turn, params.taskId);
  if (!found.ok) return found;
  const row =
    params.id === undefined
      ? turn.sql.first<PushRow>("SELECT * FROM a2a_push WHERE number = ? ORDER BY created_at, config_id LIMIT 1", found.value.number)
      : configRow(turn.sql, found.value.number, params.id);
  return row ? answer(toConfig(row, found.value.id)) : refused(noConfig(params.id ?? ""));
}

/** `ListTaskPushNotificationConfigs`, by id; the token is the last id of the page before. */
export function listConfigs(
  turn: Turn,
  params: { taskId: string; pageSize: number; pageToken: string },
): Outcome<{ configs: WirePushConfig[]; nextPageToken: string }> {
  const found = findTask(turn, params.taskId);
  if (!found.ok) return found;
  const rows = turn.sql.all<PushRow>(
    "SELECT * FROM a2a_push WHERE number = ? AND config_id > ? ORDER BY config_id LIMIT ?",
    found.value.number,
    params.pageToken,
    params.pageSize + 1,
  );
  const page = rows.slice(0, params.pageSize);
  const nextPageToken = rows.length > page.length ? page.at(-1)!.config_id : "";
  return answer({ configs: page.map((row) => toConfig(row, found.value.id)), nextPageToken });
}

/** `DeleteTaskPushNotificationConfig`: one that is not there is as good as deleted (A2A 1.0 §3.1.10). */
export function deleteConfig(turn: Turn, params: { taskId: string; id: string }): Outcome<null> {
  const found = findTask(turn, params.taskId);
  if (!found.ok) return found;
  turn.sql.run("DELETE FROM a2a_push WHERE number = ? AND config_id = ?", found.value.number, params.id);
  return answer(null);
}

export function configRow(sql: Sql, number: number, id: string): PushRow | undefined {
  return sql.first<PushRow>("SELECT * FROM a2a_push WHERE number = ? AND config_id = ?", number, id);
}

function toConfig(row: PushRow, taskId: string): WirePushConfig {
  const authentication =
    row.scheme === null ? undefined : { scheme: row.scheme, ...(row.credentials ? { credentials: row.credentials } : {}) };
  return {
    id: row.config_id,
    taskId,
    url: row.url,
    ...(row.token ? { token: row.token } : {}),
    ...(authentication ? { authentication } : {}),
  };
}

function noConfig(id: string): Refusal {
  return refuse("not_found", `no push notification config ${id.slice(0, 80)} on this task`, { config_id: id.slice(0, 80) });
}
