import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../../tests/harness/server.ts";
import { type Board, latestAt } from "../board.ts";
import { writeText } from "../files.ts";
import type { Host } from "../hosts/host.ts";
import type { Policy } from "../model/policy.ts";
import { start } from "../processes.ts";
import { check, RUN_LIMIT_MS, type Scenario } from "./scenario.ts";
import { own, type SitOptions, type Sitting, sit, untilArmed } from "./sitting.ts";

/** What the user has the agent wait for, besides what concerns it. */
const FILTER = ["--kind", "ack", "--name-contains", "v1.1 stable"];
/** An agent that its user named, where no hook tells it who it is. */
const NAMED = "moss-otter";

/** Where `coord init --wake` wrote the hooks, and which of its commands waits. opencode has its waiter from the command line here. */
const WAITS: Readonly<Partial<Record<Host["id"], { readonly file: string; readonly command: string }>>> = {
  claude: { file: ".claude/settings.json", command: "coord hook claude --event wait" },
  codex: { file: ".codex/hooks.json", command: "coord hook codex" },
  gemini: { file: ".gemini/settings.json", command: "coord hook gemini" },
};

interface Cause {
  readonly what: string;
  happens(board: Board, handle: string): Promise<unknown>;
  /** What the model is told. */
  readonly told: string;
}

const CAUSES: readonly Cause[] = [
  {
    what: "feedback",
    happens: (board) => board.call("tasks/review", { id: "#1", decision: "request_changes", body: "no varnish yet", agent_id: "reviewer" }),
    told: 'reviewer asks for changes to #1 "sand the door"',
  },
  {
    what: "a mention",
    happens: (board, handle) => board.call("notes/add", { id: "#1", body: `which varnish, @${handle}?`, agent_id: "porter" }),
    told: 'porter named you on #1 "sand the door"',
  },
  {
    what: "a task that matches",
    happens: (board) => board.call("tasks/send", { name: "v1.1 stable", kind: "ack", agent_id: "porter" }),
    told: 'what you wait for: #2 "v1.1 stable"',
  },
];

/** Takes a job, hands it in for review, and stops; whatever wakes it, it has nothing to add. */
const worker: Policy = (seen) => {
  const last = seen.calls.at(-1);
  if (!last) return { call: "tasks_next", args: { timeout_s: 45, ...own(seen) } };
  if (last.tool === "tasks_next" && last.answer?.task) return { call: "tasks_complete", args: { id: last.answer.task.id, ...own(seen) } };
  return { say: "nothing more for now" };
};

/** Feedback, a mention and a task that its user's filter matches each wake the session, one after the other. */
export const causes: Scenario = {
  name: "causes",
  title: "is woken by feedback, by a mention and by a task it waits for",
  together: true,
  async run(stage, host) {
    return sit(stage, host, "causes", worker, (sitting) => play(host, sitting), optionsOf(host));
  },
};

function optionsOf(host: Host): SitOptions {
  const waits = WAITS[host.id];
  if (!waits) return { flags: [], prompt: `You are "${NAMED}": pass agentId "${NAMED}" to coord's tools. Do what the board asks of you.` };
  return {
    prepare({ folder }) {
      const text = readFileSync(join(folder, waits.file), "utf8");
      const command = `"${waits.command}"`;
      check("the hook's command is as expected", text.includes(command), text);
      const filter = FILTER.map((word) => (word.includes(" ") ? `'${word}'` : word)).join(" ");
      writeText(folder, waits.file, text.replaceAll(command, `"${waits.command} ${filter}"`));
    },
  };
}

async function play(host: Host, sitting: Sitting) {
  const { board } = sitting.project;
  const { mind } = sitting.agent;
  const waiter = WAITS[host.id] ? undefined : postingWaiter(sitting);
  try {
    const id = await board.post("sand the door", { review: "required" });
    await until("the job is handed in", async () => (await board.call("tasks/get", { id }))?.state === "review", RUN_LIMIT_MS);
    const times: string[] = [];
    let longest = 0;
    for (const { what, happens, told } of CAUSES) {
      await untilArmed({ board }, mind, sitting.handle);
      const turns = mind.exchanges.length;
      await happens(board, sitting.handle);
      const happened = await latestAt(board);
      await until(`${what} wakes the session`, () => mind.exchanges.length > turns, RUN_LIMIT_MS);
      const { at, seen } = mind.exchanges[turns]!;
      check(`${what} is told`, seen.latest.includes(told), seen.latest || "nothing new");
      const ms = at - happened;
      longest = Math.max(longest, ms);
      times.push(`${what} ${ms} ms`);
    }
    const how = waiter ? "by `coord hook opencode --event wait --post`, which uses the session API" : "by the hook, with its user's filter";
    return { ms: longest, seen: `${times.join(", ")}; ${how}` };
  } finally {
    waiter?.kill();
  }
}

/** `coord hook opencode --post`: what stays beside an opencode server that has no plugin of coord's. */
function postingWaiter({ agent, session, project, handle }: Sitting) {
  const { served } = session;
  check("the session is served", served !== undefined, "it is not");
  const args = ["hook", "opencode", "--event", "wait", "--session", served.id, "--post", served.url, "--as", handle, ...FILTER];
  return start({ command: "coord", args, cwd: project.folder, env: agent.env, limitMs: RUN_LIMIT_MS });
}
