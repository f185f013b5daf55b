import { until } from "../../../tests/harness/server.ts";
import type { Host } from "../hosts/host.ts";
import { check, RUN_LIMIT_MS, type Scenario } from "./scenario.ts";
import { own, shownAs, sit, spokeLast, untilArmed } from "./sitting.ts";

/** opencode serves many sessions from one process: there only the handle in a call says which of them makes it. */
const namesItself = (host: Host): boolean => host.id === "opencode";
/** These end where nothing keeps them; the others stay until they are woken. */
const ends = (host: Host): boolean => host.id === "codex" || host.id === "gemini";

/**
 * A turn that ends over a claim still held: the agent is reminded, does nothing about it, and is not reminded again, neither at that
 * turn's end nor at the next one's.
 */
export const reminded: Scenario = {
  name: "reminded",
  title: "is reminded of a claim when it stops, once",
  together: true,
  run: (stage, host) =>
    sit(
      stage,
      host,
      "reminded",
      (seen) => {
        if (seen.calls.length > 0) return { say: "that is all" };
        return { call: "tasks_next", args: { timeout_s: 45, ...(namesItself(host) ? own(seen) : {}) } };
      },
      async ({ project: { board }, agent: { mind }, session, handle }) => {
        const id = await board.post("the forgotten one");
        const reminders = () => mind.exchanges.filter(({ seen }) => seen.latest.includes("still holds"));
        await until("it is reminded", () => reminders().length > 0, RUN_LIMIT_MS);
        const [reminder] = reminders();
        const before = mind.exchanges[mind.exchanges.indexOf(reminder!) - 1];
        check("the reminder came after the model had stopped", before !== undefined && "text" in before.reply, before?.reply);
        if (ends(host)) await session.over;
        else {
          await untilArmed({ board }, mind, handle);
          const turns = mind.exchanges.length;
          await board.call("notes/add", { id, body: `another turn, @${handle}`, agent_id: "poster" });
          await until("it is woken for another turn", () => mind.exchanges.length > turns && spokeLast(mind), RUN_LIMIT_MS);
          await untilArmed({ board }, mind, handle);
        }
        check("once", reminders().length === 1, `${reminders().length} times`);
        const task = await board.call("tasks/get", { id });
        check("its tools act under the handle that its hooks know", task?.claimed_by === handle, task);
        const named = namesItself(host) ? "" : "; its tools go by the tab's handle unasked";
        return {
          ms: reminder!.at - before.at,
          seen: `from the model's last words to its next turn; shown ${shownAs(reminder!.seen.latest)}${named}`,
        };
      },
    ),
};
