import { join } from "node:path";
import type { Host } from "../hosts/host.ts";
import type { Policy, Seen } from "../model/policy.ts";
import { type Agent, finished, hire, homeOf, initProject, type Project, type Stage, work } from "../stage.ts";
import { type Greeting, Tap } from "../tap.ts";

/** How long one agent may take for one prompt: they start within seconds, and this is no test of speed. */
export const RUN_LIMIT_MS = 180_000;

export interface Outcome {
  /** What this scenario measures, in milliseconds; `unit` says of what. */
  readonly ms: number;
  /** What was seen, for the results' table. */
  readonly seen: string;
}

/** One thing that a host is held to. It passes by answering, and fails by throwing an error that says what was not so. */
export interface Scenario {
  readonly name: string;
  /** As a sentence about the host. */
  readonly title: string;
  /** Runs for all hosts at once: most of it is waiting, and what it measures is no program's start. */
  readonly together?: true;
  run(stage: Stage, host: Host): Promise<Outcome>;
}

export interface Played {
  readonly agent: Agent;
  readonly project: Project;
  /** What the model had been shown when it was asked last. */
  readonly seen: Seen;
  /** From the program's start to its end. */
  readonly ms: number;
  /** Where it was tapped. */
  readonly greeting: Greeting | undefined;
}

export interface PlayOptions {
  /** What happens elsewhere meanwhile. */
  readonly during?: (project: Project) => Promise<void>;
  /** Writes down what the host says to `coord mcp`. */
  readonly tapped?: boolean;
}

/**
 * One prompt of one host in a project of its own: prepared by `coord init`, run without a terminal, ended in order.
 * @param policy the scripted model; made when the project's board is there
 */
export async function play(
  stage: Stage,
  host: Host,
  scenario: string,
  policy: (project: Project) => Policy | Promise<Policy>,
  { during = async () => {}, tapped = false }: PlayOptions = {},
): Promise<Played> {
  const name = `${scenario}-${host.id}`;
  const project = await initProject(stage, name, [host], homeOf(stage, name));
  const agent = hire(stage, host, name, project, await policy(project));
  const tap = tapped ? new Tap(join(stage.folder, name, "tap")) : undefined;
  if (tap) agent.env.PATH = tap.before(agent.env.PATH);
  const run = work(agent, "Do what the board asks of you.", RUN_LIMIT_MS);
  const over = finished(run, `${host.title}`, project.folder);
  // whichever fails first says why; the other is not left behind
  const [ended] = await Promise.all([over, during(project)]).catch((error: unknown) => {
    run.kill();
    throw error;
  });
  const seen = agent.mind.exchanges.at(-1)?.seen;
  if (!seen) throw new Error(`${host.title} never asked its model: ${agent.mind.requests.join(", ") || "no request at all"}`);
  return { agent, project, seen, ms: ended.ms, greeting: tap?.greeting() };
}

/** Throws unless the condition holds, with what was there instead. */
export function check(what: string, condition: boolean, instead: unknown): asserts condition {
  if (!condition)
    throw new Error(`not so: ${what}; instead ${typeof instead === "string" ? instead : JSON.stringify(instead)}`.slice(0, 1_000));
}
