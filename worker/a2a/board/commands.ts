import type { Action, State } from "../../../protocol/index.ts";
import { head } from "../../commands/reads.ts";
import { answer, type Outcome, type Turn } from "../../core/turn.ts";
import { createConfig, deleteConfig, getConfig, listConfigs } from "../push/configs.ts";
import type { WireTask } from "../wire.ts";
import { type ListParams, listTasks } from "./list.ts";
import { cancelTask, findTask, sendMessage } from "./send.ts";
import { type Update, updatesAfter } from "./updates.ts";
import { subjectOf, viewTask } from "./view.ts";

/** A task as it is, and the log's head: what comes after it is news. */
export interface Viewed {
  readonly task: WireTask;
  readonly state: State;
  readonly cursor: number;
}

function view(turn: Turn, params: { id: string; uri: string; historyLength?: number }): Outcome<Viewed> {
  const found = findTask(turn, params.id);
  if (!found.ok) return found;
  const row = found.value;
  const task = viewTask(turn.sql, row, params.uri, { historyLength: params.historyLength, artifacts: true });
  return answer({ task, state: row.state, cursor: head(turn.sql) });
}

/** Events read for a stream in one go, at most. */
const UPDATES_AT_ONCE = 50;

function updates(turn: Turn, params: { id: string; uri: string; after: number }): Outcome<{ updates: Update[]; cursor: number }> {
  const found = findTask(turn, params.id);
  if (!found.ok) return found;
  const { updates, all } = updatesAfter(turn.sql, subjectOf(turn.sql, found.value, params.uri), params.after, UPDATES_AT_ONCE);
  return answer({ updates, cursor: all ? Math.max(params.after, head(turn.sql)) : updates.at(-1)!.seq });
}

interface Command<Params, Value> {
  readonly action: Action;
  readonly run: (turn: Turn, params: Params) => Outcome<Value>;
}

function command<Params, Value>(action: Action, run: Command<Params, Value>["run"]): Command<Params, Value> {
  return { action, run };
}

/** What the worker's A2A side asks of the object: each one command of a turn, in one transaction, like coord's own methods. */
export const A2A_COMMANDS = {
  send: command("write", sendMessage),
  cancel: command("write", cancelTask),
  view: command("read", view),
  updates: command("read", updates),
  list: command("read", (turn, { uri, ...params }: ListParams & { uri: string }) => listTasks(turn, params, uri)),
  push_create: command("write", createConfig),
  push_get: command("read", getConfig),
  push_list: command("read", listConfigs),
  push_delete: command("write", deleteConfig),
};

export type A2ACommand = keyof typeof A2A_COMMANDS;
export type A2AParams<C extends A2ACommand> = Parameters<(typeof A2A_COMMANDS)[C]["run"]>[1];
export type A2AValue<C extends A2ACommand> = ReturnType<(typeof A2A_COMMANDS)[C]["run"]> extends Outcome<infer Value> ? Value : never;
