import { until } from "../../../tests/harness/server.ts";
import type { Host } from "../hosts/host.ts";
import type { Policy, Seen } from "../model/policy.ts";
import type { Mind } from "../model/server.ts";
import { headless } from "../sessions/headless.ts";
import { served } from "../sessions/served.ts";
import type { Begin, Session } from "../sessions/session.ts";
import { inTerminal } from "../sessions/terminal.ts";
import { alone, hire, homeOf, initProject, type Project, type Stage } from "../stage.ts";
import { check, RUN_LIMIT_MS, type Scenario } from "./scenario.ts";

const BEGIN: Readonly<Record<Host["id"], Begin>> = { claude: inTerminal, codex: headless, gemini: headless, opencode: served };
const HOW: Readonly<Record<Host["id"], string>> = {
  claude: "idle in its terminal, by the asynchronous Stop hook",
  codex: "at its turn's end, by the Stop hook",
  gemini: "at its turn's end, by the AfterAgent hook",
  opencode: "idle in `opencode serve`, by coord's plugin and the session API",
};

/** What the SessionStart hook tells the model. */
const HANDLE = /You are "([a-z]+-[0-9a-f]{6})": pass agentId/;

interface Sitting {
  readonly project: Project;
  readonly mind: Mind;
  readonly session: Session;
  /** The tab's handle, as its hook told the model. */
  readonly handle: string;
}

/** A session in a project prepared with `coord init --wake`; resolves when its model has been told who it is. */
async function sit<T>(stage: Stage, host: Host, scenario: string, policy: Policy, then: (sitting: Sitting) => Promise<T>): Promise<T> {
  const name = `${scenario}-${host.id}`;
  const project = await initProject(stage, name, [host], homeOf(stage, name), ["--wake"]);
  const agent = hire(stage, host, name, project, policy);
  const session = await BEGIN[host.id](agent, "Do what the board asks of you.", RUN_LIMIT_MS);
  try {
    const { mind } = agent;
    const orOver = <R>(what: Promise<R>): Promise<R> => Promise.race([what, session.over.then(() => what)]);
    await orOver(until("the session asks its model", () => mind.exchanges.length > 0, RUN_LIMIT_MS));
    const handle = HANDLE.exec(mind.exchanges[0]!.seen.told)?.[1];
    check("the session's first request says who it is on the board", handle !== undefined, "no such words");
    return await orOver(then({ project, mind, session, handle }));
  } catch (error) {
    throw new Error(`${(error as Error).message} [it showed: ${session.output().slice(-300)}]`, { cause: error });
  } finally {
    session.kill();
    await alone(project.folder, host.title);
  }
}

/** The handle that the model was told, for its calls. */
function own({ told }: Seen): { agentId: string } {
  return { agentId: HANDLE.exec(told)?.[1] ?? "nobody" };
}

/**
 * A job of the agent's waits for another one. The other is completed when the turn is over: that is what wakes the session, which claims
 * the job and completes it.
 */
export const woken: Scenario = {
  name: "woken",
  title: "is woken when a job of its own can be begun",
  run: (stage, host) =>
    sit(
      stage,
      host,
      "woken",
      (seen) => {
        const job = /yours to take: #(\d+)/.exec(seen.latest)?.[1];
        const last = seen.calls.at(-1);
        if (!last) return { call: "tasks_wait", args: { kind: ["ack"], name_contains: "all is laid out", timeout_s: 45, ...own(seen) } };
        if (job !== undefined) return { call: "tasks_claim", args: { id: `#${job}`, ...own(seen) } };
        if (last.tool === "tasks_claim" && last.answer?.task)
          return { call: "tasks_complete", args: { id: last.answer.task.id, ...own(seen) } };
        return { say: "nothing more for now" };
      },
      async ({ project: { board }, mind, handle }) => {
        const first = await board.post("lay the stones", { assignee: "poster" });
        const second = await board.post("grow the moss", { assignee: handle, depends_on: [first] });
        await board.post("all is laid out", { kind: "ack" });
        const wakeOf = async () => (await board.call("agents/list", {})).find(({ id }) => id === handle)?.wake ?? undefined;
        await until("the turn is over and a wake stands", async () => spokeLast(mind) && (await wakeOf()) !== undefined, RUN_LIMIT_MS);
        const turns = mind.exchanges.length;
        await board.call("tasks/claim", { id: first, agent_id: "poster" });
        await board.call("tasks/complete", { id: first, agent_id: "poster" });
        await until("the session is woken", () => mind.exchanges.length > turns, RUN_LIMIT_MS);
        const { at, seen } = mind.exchanges[turns]!;
        check("the model is told why", seen.latest.includes("yours to take"), seen.latest || "nothing new");
        await until("the job is done", async () => (await board.call("tasks/get", { id: second }))?.state === "completed", RUN_LIMIT_MS);
        const task = await board.call("tasks/get", { id: second });
        check("by the agent that was woken", task?.claimed_by === handle, task);
        const unblocked = (await board.log()).findLast(({ type }) => type === "task.unblocked");
        return { ms: at - Date.parse(unblocked?.at ?? ""), seen: `${HOW[host.id]}; shown ${shownAs(seen.latest)}` };
      },
    ),
};

/** A turn that ends over a claim still held: the agent is reminded, once. */
export const reminded: Scenario = {
  name: "reminded",
  title: "is reminded of a claim when it stops",
  run: (stage, host) =>
    sit(
      stage,
      host,
      "reminded",
      (seen) => {
        const last = seen.calls.at(-1);
        if (!last) return { call: "tasks_next", args: { timeout_s: 45, ...own(seen) } };
        if (seen.latest.includes("still holds")) return { call: "tasks_complete", args: { id: last.answer?.task?.id, ...own(seen) } };
        return { say: "that is all" };
      },
      async ({ project: { board }, mind, handle }) => {
        const id = await board.post("the forgotten one");
        await until("the job is done", async () => (await board.call("tasks/get", { id }))?.state === "completed", RUN_LIMIT_MS);
        const task = await board.call("tasks/get", { id });
        check("by the agent that was reminded", task?.claimed_by === handle, task);
        const index = mind.exchanges.findIndex(({ seen }) => seen.latest.includes("still holds"));
        const [before, reminder] = [mind.exchanges[index - 1], mind.exchanges[index]];
        check("the reminder came after the model had stopped", before !== undefined && "text" in before.reply, before?.reply);
        await until("the model stops again", () => spokeLast(mind), RUN_LIMIT_MS);
        const times = mind.exchanges.filter(({ seen }) => seen.latest.includes("still holds")).length;
        check("once", times === 1, `${times} times`);
        return {
          ms: reminder!.at - before.at,
          seen: `from the model's last words to its next turn; shown ${shownAs(reminder!.seen.latest)}`,
        };
      },
    ),
};

function spokeLast({ exchanges }: Mind): boolean {
  const last = exchanges.at(-1);
  return last !== undefined && "text" in last.reply;
}

/** The first words of what the host made of the hook's. */
function shownAs(latest: string): string {
  const at = latest.indexOf("coord");
  const before = latest.slice(0, at).trim().replaceAll(/\s+/g, " ");
  return before === "" ? "as the user's own words" : `after “${before.slice(-80)}”`;
}
