import type { ParamsIn, Result } from "../../../protocol/index.ts";
import { CliError } from "../../errors.ts";
import { ME, whoIsMe } from "../../person.ts";
import { type ActorOptions, agentOf, given } from "./context.ts";
import { taskRef } from "./values.ts";

export type FilterIn = NonNullable<ParamsIn<"tasks/wait">["filter"]>;

export interface FilterOptions {
  state?: string[];
  kind?: string[];
  priority?: string[];
  label?: string[];
  nameContains?: string;
  q?: string;
  performer?: string[];
  assignee?: string[];
  claimedBy?: string[];
  createdBy?: string[];
  ids?: string[];
  ignoreId?: string[];
  ready?: boolean;
  mentions?: string[];
}

type GetTask = (params: { id: string }) => Promise<Result<"tasks/get">>;

const FULL_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * The filter that the options say. A filter's ids are full ones, so that a wait keeps meaning the same tasks however the board grows;
 * numbers and prefixes are looked up first.
 * @throws CliError: exit 4 where there is no such task.
 */
export async function filterOf(options: FilterOptions & ActorOptions, get: GetTask): Promise<FilterIn> {
  const full = (words: readonly string[] | undefined) => (words ? Promise.all(words.map((word) => fullId(word, get))) : undefined);
  const [ids, ignored] = await Promise.all([full(options.ids), full(options.ignoreId)]);
  return {
    ...given("state", options.state),
    ...given("kind", options.kind),
    ...given("priority", options.priority),
    ...given("label", options.label),
    ...given("name_contains", options.nameContains),
    ...given("q", options.q),
    ...given("performer", options.performer as ("agent" | "user")[] | undefined),
    ...given("assignee", options.assignee),
    ...given("claimed_by", options.claimedBy),
    ...given("created_by", options.createdBy),
    ...given("ids", ids),
    ...given("ignore_ids", ignored),
    ...given("ready", options.ready),
    ...given("mentions", mentionsOf(options)),
  };
}

async function fullId(word: string, get: GetTask): Promise<string> {
  if (FULL_ID.test(word)) return word.toLowerCase();
  const task = await get({ id: taskRef(word) });
  if (task) return task.id;
  throw noSuchTask(word);
}

/** `me` is whoever acts: `--as`, else whom `whoIsMe` says. */
function mentionsOf(options: FilterOptions & ActorOptions): string[] | undefined {
  return options.mentions?.map((handle) => (handle === ME ? (agentOf(options) ?? whoIsMe().handle) : handle));
}

export function noSuchTask(word: string): CliError {
  return new CliError(`no task ${word}`, { exit: 4, next: "coord tasks --state any", data: { code: "not_found", id: word } });
}
