import type { Event, TaskSnapshot } from "../../../protocol/index.ts";
import { until } from "../../../tests/harness/server.ts";
import type { Board } from "../board.ts";
import type { Host } from "../hosts/host.ts";
import { HOSTS } from "../hosts/index.ts";
import type { CoordCall, Policy } from "../model/policy.ts";
import type { Exchange } from "../model/server.ts";
import { type Agent, alone, finished, hire, homeOf, initProject, type Stage, work } from "../stage.ts";
import { check } from "./scenario.ts";

const JOBS = 20;
const AGENTS_OF_EACH = 2;
/** What a model's answer takes here: so that the programs' own haste does not decide. */
const THINK_MS = 300;
const RACE_LIMIT_MS = 180_000;

export interface RaceResult {
  readonly agents: number;
  readonly jobs: number;
  /** From the starting shot to the last completion, and from the first program's start to the last one's end, in milliseconds. */
  readonly raceMs: number;
  readonly wholeMs: number;
  /** Jobs completed by each host's agents. */
  readonly byHost: Readonly<Partial<Record<Host["id"], number>>>;
  /** Claims that were refused because somebody else had the job. */
  readonly refused: number;
}

/** Takes the best open job until there is none: the server decides. */
const taker: Policy = ({ calls }) => {
  const last = calls.at(-1);
  if (!last || isWaiting(last)) return atTheStart(last);
  if (last.tool === "tasks_next") return last.answer?.task ? complete(last) : { say: "no job is left" };
  return { call: "tasks_next", args: { kind: ["lap"] } };
};

/** Looks at the list and claims what is first on it, as everybody does who looks: most of these claims collide. */
const grabber: Policy = ({ calls }) => {
  const last = calls.at(-1);
  if (!last || isWaiting(last)) return atTheStart(last);
  if (last.tool === "tasks_claim" && last.answer?.task) return complete(last);
  if (last.tool === "tasks_list") {
    const first = last.answer?.tasks?.at(-1);
    return first ? { call: "tasks_claim", args: { id: first.id } } : { say: "no job is left" };
  }
  return { call: "tasks_list", args: { kind: ["lap"], state: ["pending"], limit: JOBS } };
};

/** All begin at one moment, however long each program takes to start. */
function atTheStart(last: CoordCall | undefined) {
  const after = last?.answer?.cursor;
  return { call: "tasks_wait", args: { kind: ["ack"], name_contains: "starting shot", timeout_s: 50, ...(after ? { after } : {}) } };
}

function isWaiting({ tool, answer }: CoordCall): boolean {
  return tool === "tasks_wait" && answer?.timed_out !== false;
}

function complete({ answer }: CoordCall) {
  return { call: "tasks_complete", args: { id: answer?.task.id, result: { by: answer?.task.claimed_by } } };
}

/** Two agents of every kind that is installed, over twenty jobs in one project: each job is completed exactly once. */
export async function race(stage: Stage): Promise<RaceResult> {
  const kinds = HOSTS.filter(({ id }) => stage.programs.has(id));
  const project = await initProject(stage, "race", kinds, homeOf(stage, "race"));
  for (let lap = 1; lap <= JOBS; lap++) await project.board.post(`lap ${lap}`, { kind: "lap" });
  const agents = kinds.flatMap((host) =>
    Array.from({ length: AGENTS_OF_EACH }, (_, index) =>
      hire(stage, host, `race-${host.id}-${index}`, project, index === 0 ? taker : grabber, THINK_MS),
    ),
  );
  const began = performance.now();
  const runs = agents.map((agent) => work(agent, "Work until nothing is left to do.", RACE_LIMIT_MS));
  const over = Promise.all(runs.map((run, index) => finished(run, agents[index]!.host.title)));
  try {
    await Promise.race([
      over,
      until("all stand at the start", () => agents.every(({ mind }) => mind.exchanges.some(isAtStart)), RACE_LIMIT_MS),
    ]);
    await project.board.post("starting shot", { kind: "ack" });
    await over;
  } finally {
    for (const run of runs) run.kill();
  }
  const wholeMs = Math.round(performance.now() - began);
  await alone(project.folder, "the race");
  return { ...(await verified(project, agents)), wholeMs };
}

/** Reads the log, which alone decides: every job claimed once, completed once, by the agent that held it, and each completion known to one model. */
async function verified({ board }: { board: Board }, agents: readonly Agent[]): Promise<Omit<RaceResult, "wholeMs">> {
  const log = await board.log();
  const shot = log.find((event) => event.type === "task.created" && taskOf(event).name === "starting shot");
  const laps = log.flatMap((event) => (event.type.startsWith("task.") && taskOf(event).kind === "lap" ? [event] : []));
  const posted = new Set(laps.map((event) => event.task_id));
  check(`${JOBS} jobs were posted`, posted.size === JOBS, posted.size);
  for (const id of posted) {
    const types = laps
      .filter((event) => event.task_id === id)
      .map((event) => `${event.type}${event.type === "task.created" ? "" : ` ${event.agent_id}`}`);
    const holder = types[1]?.split(" ")[1];
    check(
      "a job is claimed once and completed once, by its holder",
      types.join() === `task.created,task.claimed ${holder},task.completed ${holder}`,
      types,
    );
  }
  const completions = agents.map((agent) => ({
    agent,
    done: callsOf(agent).filter(({ tool, answer }) => tool === "tasks_complete" && answer?.ok),
  }));
  const told = completions.flatMap(({ done }) => done.map(({ answer }) => answer?.task.id));
  check("every completion was answered to exactly one model", told.length === JOBS && new Set(told).size === JOBS, told);
  const byHost: Partial<Record<Host["id"], number>> = {};
  for (const { agent, done } of completions) byHost[agent.host.id] = (byHost[agent.host.id] ?? 0) + done.length;
  const refused = agents.flatMap(callsOf).filter(({ tool, answer }) => tool === "tasks_claim" && answer?.reason !== undefined).length;
  const last = laps.findLast(({ type }) => type === "task.completed");
  const raceMs = Date.parse(last?.at ?? "") - Date.parse(shot?.at ?? "");
  return { agents: agents.length, jobs: JOBS, raceMs, byHost, refused };
}

function taskOf({ data }: Event): TaskSnapshot {
  return data.task as TaskSnapshot;
}

function isAtStart({ reply }: Exchange): boolean {
  return "calls" in reply && reply.calls.some(({ tool }) => tool.name.endsWith("tasks_wait"));
}

function callsOf({ mind }: Agent): readonly CoordCall[] {
  return mind.exchanges.at(-1)?.seen.calls ?? [];
}
