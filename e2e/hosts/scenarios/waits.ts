import { runCoord, until } from "../../../tests/harness/server.ts";
import type { Board } from "../board.ts";
import type { Host } from "../hosts/host.ts";
import type { Policy } from "../model/policy.ts";
import type { Stage } from "../stage.ts";
import { check, type Outcome, play, RUN_LIMIT_MS, type Scenario } from "./scenario.ts";

/** How long nothing comes in the long wait, in milliseconds: past the 60 s after which many a client gives a call up. */
const LONG_MS = 70_000;

/** A wait stands on the server until another process publishes what it is for. */
export const waits: Scenario = {
  name: "waits",
  title: "waits and is answered when another process posts the match",
  together: true,
  run: (stage, host) => waiting(stage, host, "waits", 0),
};

/** The same for longer than a minute: within one call where the host allows it, else in as many as coord says. */
export const outwaits: Scenario = {
  name: "outwaits",
  title: `waits on when nothing comes for ${LONG_MS / 1000} s`,
  together: true,
  run: (stage, host) => waiting(stage, host, "outwaits", LONG_MS),
};

async function waiting(stage: Stage, host: Host, scenario: string, nothingForMs: number): Promise<Outcome> {
  let before = Number.POSITIVE_INFINITY;
  const { agent, project, seen } = await play(
    stage,
    host,
    scenario,
    ({ board }) =>
      waiter(async () => {
        before = await standing(board);
      }),
    {
      during: async ({ board, folder }) => {
        await until("the wait stands", async () => (await standing(board)) > before, RUN_LIMIT_MS);
        await new Promise((later) => setTimeout(later, nothingForMs));
        const sent = await runCoord(["send", "gate open", "--kind", "ack", "--as", "porter"], { cwd: folder });
        check("the other process posts", sent.code === 0, sent.stderr);
      },
    },
  );
  const calls = seen.calls.filter(({ tool }) => tool === "tasks_wait");
  const last = calls.at(-1);
  check("the wait is answered, not timed out", last?.answer?.timed_out === false, last?.shown ?? "no wait");
  check("with what was posted", last.answer.task?.name === "gate open" && last.answer.task.created_by === "porter", last.shown);
  const cut = calls.filter(({ answer }) => answer?.timed_out !== true && answer?.timed_out !== false);
  check("no call was cut short by the host", cut.length === 0, cut[0]?.shown ?? "");
  const posted = (await project.board.log()).findLast(({ type }) => type === "task.created");
  const { at } = agent.mind.exchanges.at(-1)!;
  const times = calls.length === 1 ? "one call" : `${calls.length} calls, each from the cursor of the one before`;
  return { ms: at - Date.parse(posted?.at ?? ""), seen: `${times}; the time is from the post in the log to the model's next turn` };
}

/** Checks in, then waits as long as it may, again after a time-out. */
function waiter(beforeFirst: () => Promise<void>): Policy {
  return async ({ calls }) => {
    const last = calls.at(-1);
    if (!last) return { call: "checkin" };
    if (last.answer?.timed_out === false) return { say: "through" };
    if (last.tool === "checkin") await beforeFirst();
    const after = last.tool === "tasks_wait" ? { after: last.answer?.cursor } : {};
    return { call: "tasks_wait", args: { kind: ["ack"], name_contains: "gate open", timeout_s: 3_600, ...after } };
  };
}

/** Waits and subscriptions that stand on the board: some hosts follow the resources, too. */
async function standing(board: Board): Promise<number> {
  return (await board.call("workspace/info", {})).waiters;
}
