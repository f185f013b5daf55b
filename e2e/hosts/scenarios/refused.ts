import { check, play, type Scenario } from "./scenario.ts";

/** A job that somebody holds is refused, and the refusal says who and what to do instead. */
export const refused: Scenario = {
  name: "refused",
  title: "is refused a claimed job and told who holds it",
  async run(stage, host) {
    let id = "";
    const { project, seen, ms } = await play(stage, host, "refused", async ({ board }) => {
      id = await board.post("the wanted one");
      await board.call("tasks/claim", { id, agent_id: "early-bird" });
      return ({ calls }) => (calls.length === 0 ? { call: "tasks_claim", args: { id: "#1" } } : { say: "then not" });
    });
    const [claim] = seen.calls;
    check(
      "the model is shown a refusal",
      claim?.answer?.code === "conflict" && claim.answer.reason === "already_claimed",
      claim?.shown ?? "no claim",
    );
    check("it names the holder", claim.answer.now?.holder === "early-bird", claim.shown);
    check("it says what to do instead", String(claim.answer.remedy).includes("tasks_next"), claim.shown);
    const task = await project.board.call("tasks/get", { id });
    check("the holder still has it", task?.claimed_by === "early-bird" && task.state === "claimed", task);
    return { ms, seen: `shown ${claim.shown.length} characters: ${around(claim.shown)}` };
  },
};

/** What the host puts around coord's own words. */
function around(shown: string): string {
  if (shown.startsWith("{")) return "coord's answer to the letter";
  if (shown.includes("functionResponse")) return "coord's answer twice, within the host's own JSON";
  return `coord's answer after “${shown.slice(0, shown.indexOf("{")).trim().replaceAll(/\s+/g, " ")}”`;
}
