import type { WaitResult } from "../../../protocol/index.ts";
import { endsAny, matchesAnything, one, type Planted, waitWith } from "./planting.ts";

/** Waits and subscriptions that miss, skip or invent. */
export const WAITS: readonly Planted[] = [
  {
    what: "a wait passed over its first match",
    breaks: ["wait"],
    plant: one(
      waitWith((told, operation) => told.event !== undefined && operation.params.after !== undefined && matchesAnything(operation)),
      (operation, { log, tasks }) => {
        const { cursor } = operation.result as WaitResult;
        const event = log.slice(cursor).find(endsAny);
        return event && { result: { task: tasks.find((task) => task.id === event.task_id), event, cursor: event.seq, timed_out: false } };
      },
    ),
  },
  {
    what: "a wait was answered by what does not match",
    breaks: ["wait"],
    plant: one(
      waitWith((told, operation) => told.event !== undefined && matchesAnything(operation)),
      (operation, { log, tasks }) => {
        const event = log.slice(Number(operation.params.after ?? 0)).find((other) => other.type === "task.claimed");
        return event && { result: { task: tasks.find((task) => task.id === event.task_id), event, cursor: event.seq, timed_out: false } };
      },
    ),
  },
  {
    what: "a wait was answered by what is not in the log",
    breaks: ["wait"],
    plant: one(
      waitWith((told) => told.event !== undefined),
      ({ result }) => ({
        result: {
          ...(result as WaitResult),
          event: { ...(result as WaitResult).event!, type: "task.ready", task_id: "00000000-0000-4000-9000-000000000003" },
        },
      }),
    ),
  },
  {
    what: "a wait was answered by what was over before it began",
    breaks: ["wait"],
    plant: one(
      waitWith((told, operation) => told.event !== undefined && Number(operation.params.after) > 3),
      (operation, { log, tasks }) => {
        const event = log.slice(0, Number(operation.params.after)).find(endsAny);
        return (
          event && {
            params: { ...operation.params, filter: {} },
            result: { task: tasks.find((task) => task.id === event.task_id), event, cursor: event.seq, timed_out: false },
          }
        );
      },
    ),
  },
  {
    what: "a wait timed out past its match",
    breaks: ["wait"],
    plant: one(
      waitWith((told, operation) => told.event !== undefined && operation.params.after !== undefined),
      (_operation, { log }) => ({ result: { task: null, cursor: log.length, timed_out: true } }),
    ),
  },
  {
    what: "a wait was never answered",
    breaks: ["wait"],
    plant: one(
      waitWith((told, operation) => told.event !== undefined && operation.params.after !== undefined),
      () => ({
        outcome: "unknown",
        result: undefined,
        completed: Number.POSITIVE_INFINITY,
        completedAt: Number.POSITIVE_INFINITY,
        fate: "open",
      }),
    ),
  },
  {
    what: "a wait's cursor skips lines",
    breaks: ["wait"],
    plant: one(
      waitWith((told, operation) => told.event !== undefined && operation.params.after !== undefined),
      ({ result }, { log }) =>
        (result as WaitResult).cursor < log.length ? { result: { ...(result as WaitResult), cursor: log.length } } : undefined,
    ),
  },
  {
    what: "a wait without a cursor was told of a task that did not match",
    breaks: ["wait"],
    plant: one(
      waitWith((told) => told.event === undefined && !told.timed_out && told.task !== undefined),
      (operation) => ({ params: { ...operation.params, filter: { kind: ["no such kind"] } } }),
    ),
  },
  {
    what: "a subscription was given a line twice",
    breaks: ["wait"],
    plant: (history) => ({
      ...history,
      followed: history.followed.map((one) => ({ ...one, seqs: [...one.seqs.slice(0, 5), ...one.seqs.slice(4)] })),
    }),
  },
  {
    what: "a subscription missed a line",
    breaks: ["wait"],
    plant: (history) => ({ ...history, followed: history.followed.map((one) => ({ ...one, seqs: one.seqs.filter((seq) => seq !== 7) })) }),
  },
];
