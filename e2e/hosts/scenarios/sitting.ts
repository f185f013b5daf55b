import { until } from "../../../tests/harness/server.ts";
import type { Board } from "../board.ts";
import type { Host } from "../hosts/host.ts";
import type { Policy, Seen } from "../model/policy.ts";
import type { Mind } from "../model/server.ts";
import { headless } from "../sessions/headless.ts";
import { served } from "../sessions/served.ts";
import type { Begin, Session } from "../sessions/session.ts";
import { inTerminal } from "../sessions/terminal.ts";
import { type Agent, alone, hire, homeOf, initProject, type Project, type Stage } from "../stage.ts";
import { check, RUN_LIMIT_MS } from "./scenario.ts";

const BEGIN: Readonly<Record<Host["id"], Begin>> = { claude: inTerminal, codex: headless, gemini: headless, opencode: served };

/** What tells the model who it is: the hook as its session begins, or its user. */
const HANDLE = /You are "([^"\s]+)": pass agentId/;

/** A session that has been asked its first prompt, and its model been told who it is on the board. */
export interface Sitting {
  readonly project: Project;
  readonly agent: Agent;
  readonly session: Session;
  /** The tab's handle, as the model was told. */
  readonly handle: string;
}

export interface SitOptions {
  /** For `coord init`; usually the hooks that wake. */
  readonly flags?: readonly string[];
  /** What the project's owner does to what `coord init` wrote. */
  readonly prepare?: (project: Project) => void;
  readonly prompt?: string;
}

/** Holds a session in a project prepared with `coord init --wake`, and ends it whatever comes. */
export async function sit<T>(
  stage: Stage,
  host: Host,
  scenario: string,
  policy: Policy,
  then: (sitting: Sitting) => Promise<T>,
  { flags = ["--wake"], prepare = () => {}, prompt = "Do what the board asks of you." }: SitOptions = {},
): Promise<T> {
  const name = `${scenario}-${host.id}`;
  const project = await initProject(stage, name, [host], homeOf(stage, name), flags);
  prepare(project);
  const agent = hire(stage, host, name, project, policy);
  const session = await BEGIN[host.id](agent, prompt, RUN_LIMIT_MS);
  try {
    const { mind } = agent;
    const orOver = <R>(what: Promise<R>): Promise<R> => Promise.race([what, session.over.then(() => what)]);
    await orOver(until("the session asks its model", () => mind.exchanges.length > 0, RUN_LIMIT_MS));
    const handle = HANDLE.exec(mind.exchanges[0]!.seen.told)?.[1];
    check("the session's first request says who it is on the board", handle !== undefined, "no such words");
    return await orOver(then({ project, agent, session, handle }));
  } catch (error) {
    throw new Error(`${(error as Error).message} [it showed: ${session.output().slice(-300)}]`, { cause: error });
  } finally {
    session.kill();
    await alone(project.folder, host.title);
  }
}

/** The handle that the model was told, for its calls. */
export function own({ told }: Seen): { agentId: string } {
  return { agentId: HANDLE.exec(told)?.[1] ?? "nobody" };
}

/** Waits until the model has said its last words and something stands ready to wake the agent. */
export async function untilArmed({ board }: { board: Board }, mind: Mind, handle: string): Promise<void> {
  const isArmed = async () => (await board.call("agents/list", {})).some(({ id, wake }) => id === handle && Boolean(wake));
  await until("the turn is over and a wake stands", async () => spokeLast(mind) && (await isArmed()), RUN_LIMIT_MS);
}

export function spokeLast({ exchanges }: Mind): boolean {
  const last = exchanges.at(-1);
  return last !== undefined && "text" in last.reply;
}

/** What the host puts before the hook's own words, with no address of this machine in it. */
export function shownAs(latest: string): string {
  const before = latest
    .slice(0, latest.search(/coord(, for [^\s:]+)?:\s/))
    .trim()
    .replaceAll(/(?<!<)\/[^\s">]+/g, "…")
    .replaceAll(/\s+/g, " ");
  return before === "" ? "as the user's own words" : `after “${before.slice(-80)}”`;
}
