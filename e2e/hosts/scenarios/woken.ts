import { until } from "../../../tests/harness/server.ts";
import type { Host } from "../hosts/host.ts";
import { check, RUN_LIMIT_MS, type Scenario } from "./scenario.ts";
import { own, shownAs, sit, untilArmed } from "./sitting.ts";

const HOW: Readonly<Record<Host["id"], string>> = {
  claude: "idle in its terminal, by the asynchronous Stop hook",
  codex: "at its turn's end, by the Stop hook",
  gemini: "at its turn's end, by the AfterAgent hook",
  opencode: "idle in `opencode serve`, by coord's plugin and the session API",
};

/**
 * A job of the agent's waits for another one. The other is completed when the turn is over: that is what wakes the session, which claims
 * the job and completes it.
 */
export const woken: Scenario = {
  name: "woken",
  title: "is woken when a job of its own can be begun",
  together: true,
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
      async ({ project: { board }, agent: { mind }, handle }) => {
        const first = await board.post("lay the stones", { assignee: "poster" });
        const second = await board.post("grow the moss", { assignee: handle, depends_on: [first] });
        await board.post("all is laid out", { kind: "ack" });
        await untilArmed({ board }, mind, handle);
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
