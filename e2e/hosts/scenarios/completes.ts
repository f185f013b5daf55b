import { check, play, type Scenario } from "./scenario.ts";

/** An agent checks in, claims the open job and completes it with an ack. */
export const completes: Scenario = {
  name: "completes",
  title: "claims a job and completes it",
  async run(stage, host) {
    let id = "";
    const { project, seen, ms } = await play(stage, host, "completes", async ({ board }) => {
      id = await board.post("paint the fence", { kind: "chore", payload: { colour: "green" } });
      return ({ calls }) => {
        switch (calls.at(-1)?.tool) {
          case undefined:
            return { call: "checkin" };
          case "checkin":
            return { call: "tasks_claim", args: { id: "#1" } };
          case "tasks_claim":
            return { call: "tasks_complete", args: { id: "#1", result: { coats: 2 }, postAck: true, ackName: "fence green" } };
          default:
            return { say: "done" };
        }
      };
    });
    const [checkedIn, claimed, completed] = seen.calls;
    const handle = checkedIn?.answer?.agent?.id;
    check("checkin tells the agent its handle", typeof handle === "string", checkedIn?.shown ?? "no check-in");
    check("the claim's answer shows the payload", claimed?.answer?.task?.payload?.colour === "green", claimed?.shown ?? "no claim");
    check("the completion is answered", completed?.answer?.ok === true, completed?.shown ?? "no completion");
    const task = await project.board.call("tasks/get", { id });
    check("the board has it completed by that handle", task?.state === "completed" && task.claimed_by === handle, task);
    const log = await project.board.log();
    const types = log.filter((event) => event.type.startsWith("task.")).map(({ type }) => type);
    check(
      "the log has one claim, one completion and the ack",
      types.join() === "task.created,task.claimed,task.completed,task.created",
      types,
    );
    return { ms, seen: `as ${handle}: \`checkin\`, \`tasks_claim\`, \`tasks_complete\` with an ack; the log says the same` };
  },
};
