import type { TaskSnapshot } from "../../../protocol/index.ts";
import type { History } from "../../checker/check.ts";
import { type Planted, revBefore, withLog } from "./planting.ts";

/** A log that does not hold together, or not with the board and the file. */
export const TABLES: readonly Planted[] = [
  {
    what: "the log has a gap",
    breaks: ["log"],
    plant: (history, random) => {
      const at = random.between(1, history.log.length - 2);
      return withLog(
        history,
        history.log.filter((_event, n) => n !== at),
      );
    },
  },
  {
    what: "the log goes back in time",
    breaks: ["log"],
    plant: (history) =>
      withLog(
        history,
        history.log.map((event, n) => (n === 9 ? { ...event, at: "2026-01-01T00:00:00.000Z" } : event)),
      ),
  },
  {
    what: "a line of the log is a transition that there is not",
    breaks: ["log"],
    plant: (history) => {
      const event = history.log.find((one) => one.type === "task.completed");
      return (
        event &&
        withLog(
          history,
          history.log.map((one) => (one === event ? { ...one, type: "task.ready", data: { ...one.data, from: "claimed" } } : one)),
        )
      );
    },
  },
  {
    what: "a line of the log lacks what it must carry",
    breaks: ["log"],
    plant: (history) =>
      withLog(
        history,
        history.log.map((event) => (event.type === "task.claimed" ? { ...event, data: { task: event.data.task } } : event)),
      ),
  },
  {
    what: "a row moved and its rev did not",
    breaks: ["log"],
    plant: (history) => {
      const event = history.log.find(
        (one) => one.type === "task.lapsed" && revBefore(history, one) === (one.data.task as TaskSnapshot).rev - 1,
      );
      if (!event) return undefined;
      const task = event.data.task as TaskSnapshot;
      return withLog(
        history,
        history.log.map((one) => (one === event ? { ...one, data: { ...one.data, task: { ...task, rev: task.rev - 1 } } } : one)),
      );
    },
  },
  {
    what: "the board shows another state than the log",
    breaks: ["tables"],
    plant: (history, random) => {
      const chosen = random.pick(history.tasks.filter((task) => task.state !== "cancelled"));
      return { ...history, tasks: history.tasks.map((task) => (task === chosen ? { ...task, state: "cancelled" as const } : task)) };
    },
  },
  {
    what: "the board lacks a task of the log",
    breaks: ["tables"],
    plant: (history) => ({ ...history, tasks: history.tasks.slice(1) }),
  },
  {
    what: "the board has a task that the log lacks",
    breaks: ["tables"],
    plant: (history) => ({
      ...history,
      tasks: [...history.tasks, { ...history.tasks[0]!, id: "00000000-0000-4000-9000-000000000004", number: 9_999 }],
    }),
  },
  ...database(),
];

/** Faults that only the file shows. */
function database(): Planted[] {
  const inFile = (
    what: string,
    change: (database: NonNullable<History["database"]>, history: History) => Partial<NonNullable<History["database"]>> | undefined,
  ): Planted => ({
    what: `the file: ${what}`,
    breaks: ["tables"],
    plant: (history) => {
      const changed = change(history.database!, history);
      return changed && { ...history, database: { ...history.database!, ...changed } };
    },
  });
  return [
    inFile("its last line of the log is missing", ({ events }) => ({ events: events.slice(0, -1) })),
    inFile("a line of its log is another", ({ events }) => ({
      events: events.map((row, at) => (at === 3 ? { ...row, data: "{}" } : row)),
    })),
    inFile("a row is as it was before the last change", ({ tasks }) => ({
      tasks: tasks.map((row, at) => (at === 0 ? { ...row, rev: 0 } : row)),
    })),
    inFile("a row has a claim that has ended", ({ tasks }) => ({
      tasks: tasks.map((row, at) => (at === 0 ? { ...row, claim_id: "00000000-0000-4000-9000-000000000005" } : row)),
    })),
    inFile("an ended claim is missing", ({ claims }) => ({ claims: claims.slice(1) })),
    inFile("a claim ended in another way", ({ claims }) =>
      claims[0] ? { claims: [{ ...claims[0], end: claims[0].end === "lapsed" ? "released" : "lapsed" }, ...claims.slice(1)] } : undefined,
    ),
    inFile("a row counts dependencies that it has not", ({ tasks }) => ({
      tasks: tasks.map((row, at) => (at === 0 ? { ...row, blocked: 1 } : row)),
    })),
    inFile("SQLite finds it damaged", () => ({ damage: ["row 3 missing from index tasks_state"] })),
  ];
}
