import type { Task, TaskSnapshot } from "../../../protocol/index.ts";
import type { Operation } from "../../history/operation.ts";
import { answered, conflict, lastOf, one, type Planted, withLog, without, withoutRow, withReadOf } from "./planting.ts";

/** Writes that are missing, doubled, applied though refused, or out of order; reads of what never was. */
export const WRITES: readonly Planted[] = [
  {
    what: "an acknowledged send is not there",
    breaks: ["lost-write"],
    plant: (history, random) => {
      const sends = history.operations.filter(
        (operation) =>
          answered("tasks/send")(operation) && history.log.filter((event) => event.task_id === (operation.result as Task).id).length === 1,
      );
      if (sends.length === 0) return undefined;
      const { id } = random.pick(sends).result as Task;
      const gone = without(history, lastOf(history, id)!);
      const rest = gone.operations.filter((operation) => operation.method === "tasks/send" || operation.params.id !== id);
      return { ...gone, operations: rest, tasks: gone.tasks.filter((task) => task.id !== id), ...withoutRow(gone, id) };
    },
  },
  {
    what: "an acknowledged completion was rolled back",
    breaks: ["lost-write"],
    plant: (history) => {
      const done = history.operations.find(
        (operation) => answered("tasks/complete")(operation) && lastOf(history, String(operation.params.id))?.type === "task.completed",
      );
      return done && without(history, lastOf(history, String(done.params.id))!);
    },
  },
  {
    what: "the result that was acknowledged is not the one that is kept",
    breaks: ["lost-write"],
    plant: (history) => {
      const done = history.tasks.find(
        (task) =>
          task.state === "completed" &&
          task.result !== null &&
          history.operations.some((operation) => answered("tasks/complete")(operation) && operation.params.id === task.id),
      );
      return done && { ...history, tasks: history.tasks.map((task) => (task === done ? { ...task, result: "another" } : task)) };
    },
  },
  {
    what: "two are told that they hold the same job",
    breaks: ["one-holder", "linearizable"],
    plant: one(
      (operation, history) =>
        operation.method === "tasks/claim" &&
        operation.refusal?.data?.reason === "already_claimed" &&
        history.operations.some((other) => answered("tasks/claim")(other) && (other.result as Task).id === operation.params.id),
      (operation, history) => {
        const { result } = history.operations.find(
          (other) => answered("tasks/claim")(other) && (other.result as Task).id === operation.params.id,
        )!;
        const agent = operation.params.agent_id as string;
        return {
          outcome: "answered",
          result: {
            ...(result as Task),
            claimed_by: agent,
            claim: { ...(result as Task).claim!, claim_id: "00000000-0000-4000-9000-000000000001" },
          },
        };
      },
    ),
  },
  {
    what: "one claim is given out twice",
    breaks: ["one-holder"],
    plant: (history) => {
      const claims = history.log.filter((event) => event.type === "task.claimed");
      const [first, second] = [claims[0], claims[3]];
      if (!first || !second) return undefined;
      return withLog(
        history,
        history.log.map((event) => (event === second ? { ...event, data: { ...event.data, claim_id: first.data.claim_id } } : event)),
      );
    },
  },
  {
    what: "a hold begins while another lasts",
    breaks: ["one-holder"],
    plant: (history, random) => {
      const released = history.log.filter(
        (event) =>
          (event.type === "task.released" || event.type === "task.lapsed") &&
          history.log.some((later) => later.seq > event.seq && later.task_id === event.task_id && later.type === "task.claimed"),
      );
      return released.length === 0 ? undefined : without(history, random.pick(released));
    },
  },
  {
    what: "a refused claim was applied",
    breaks: ["refused-write", "linearizable"],
    plant: one(
      (operation) => answered("tasks/claim")(operation) || answered("tasks/next")(operation),
      () => ({
        method: "tasks/claim",
        params: { id: "00000000-0000-4000-8000-000000000001", agent_id: "somebody" },
        outcome: "refused",
        result: undefined,
        refusal: conflict("already_claimed", "x"),
      }),
    ),
  },
  {
    what: "a refused completion was applied",
    breaks: ["refused-write", "linearizable"],
    plant: one(answered("tasks/complete"), () => ({ outcome: "refused", result: undefined, refusal: conflict("stale_claim", null) })),
  },
  {
    what: "a send was applied twice",
    breaks: ["refused-write"],
    plant: (history, random) => {
      const created = history.log.filter((event) => event.type === "task.created");
      const again = random.pick(created);
      const task = { ...(again.data.task as TaskSnapshot), id: "00000000-0000-4000-9000-000000000002", number: history.tasks.length + 1 };
      const event = { ...again, seq: history.log.length + 1, at: history.log.at(-1)!.at, task_id: task.id, data: { ...again.data, task } };
      const row = { ...history.tasks.find((one) => one.id === again.task_id)!, ...task };
      return withLog({ ...history, tasks: [...history.tasks, row] }, [...history.log, event]);
    },
  },
  {
    what: "a write appears that nobody asked for",
    breaks: ["refused-write"],
    plant: (history, random) => {
      const done = history.operations.filter((operation) => answered("tasks/release")(operation) || answered("tasks/fail")(operation));
      if (done.length === 0) return undefined;
      const chosen = random.pick(done);
      return { ...history, operations: history.operations.filter((operation) => operation !== chosen) };
    },
  },
  {
    what: "two writes stand in the log the wrong way round",
    breaks: ["order"],
    plant: (history) => {
      // two jobs that were sent one after the other was answered
      const sends = history.operations.filter(answered("tasks/send")).sort((a, b) => a.invoked - b.invoked);
      for (const first of sends) {
        const second = sends.find((other) => other.invoked > first.completed);
        const [a, b] = [first, second].map((send) => send && history.log.find((event) => event.task_id === (send.result as Task).id));
        if (!a || !b) continue;
        const log = history.log.map((event) =>
          event === a ? { ...b, seq: a.seq, at: a.at } : event === b ? { ...a, seq: b.seq, at: b.at } : event,
        );
        return withLog({ ...history, operations: history.operations.filter((operation) => operation.method !== "tasks/wait") }, log);
      }
      return undefined;
    },
  },
  {
    what: "a read shows the past",
    breaks: ["linearizable"],
    plant: (history, random) => {
      const first = history.operations.filter((operation) => answered("tasks/claim")(operation) || answered("tasks/next")(operation));
      if (first.length === 0) return undefined;
      const { result, completed, completedAt } = random.pick(first);
      const { claim: _claim, lease_until: _lease, claimed_at: _at, ...task } = result as Task;
      const stale = { ...task, state: "pending" as const, claimed_by: null, rev: task.rev - 1 };
      const times = { invoked: completed + 1, completed: completed + 1_000, invokedAt: completedAt, completedAt: completedAt + 1 };
      const read: Operation = {
        key: history.operations.length,
        client: "reader",
        method: "tasks/get",
        params: { id: task.id },
        ...times,
        outcome: "answered",
        result: stale,
      };
      return { ...history, operations: [...history.operations, read] };
    },
  },
  {
    what: "a read shows a job that was never so",
    breaks: ["linearizable"],
    plant: one(
      (operation) => answered("tasks/get")(operation),
      ({ result }) => ({ result: { ...(result as Task), claimed_by: "nobody-knows", state: "claimed" } }),
    ),
  },
  {
    what: "a read finds nothing where there is something",
    breaks: ["linearizable"],
    // a read that was asked for before the send was answered may well find nothing
    plant: one(
      (read, { operations }) =>
        answered("tasks/get")(read) &&
        operations.some(
          (send) => answered("tasks/send")(send) && send.completed < read.invoked && (send.result as Task).id === read.params.id,
        ),
      () => ({ result: null }),
    ),
  },
  {
    what: "a refusal names another holder",
    breaks: ["linearizable"],
    plant: one(
      (operation) => operation.refusal?.data?.reason === "already_claimed",
      ({ refusal }) => ({ refusal: { ...refusal!, data: { ...refusal!.data, holder: "nobody-knows" } } }),
    ),
  },
  {
    what: "a job is refused as done that is open",
    breaks: ["linearizable"],
    plant: one(
      (operation, history) =>
        operation.refusal?.data?.reason === "already_claimed" &&
        history.tasks.find((task) => task.id === operation.params.id)?.state !== "completed",
      () => ({ refusal: conflict("terminal", null) }),
    ),
  },
  {
    what: "a hold lapsed long before its deadline",
    breaks: ["linearizable"],
    plant: (history) => {
      const claim = history.operations.find((operation) => answered("tasks/claim")(operation) && (operation.result as Task).rev === 2);
      if (!claim) return undefined;
      const { claim: _claim, lease_until: _until, claimed_at: _at, ...task } = claim.result as Task;
      const until = new Date(claim.completedAt + 3_600_000).toISOString();
      const told = { ...(claim.result as Task), lease_until: until, claim: { ..._claim!, lease_until: until } };
      const seen = { ...task, state: "pending" as const, claimed_by: null, rev: 3 };
      return withReadOf(history, { ...claim, result: told }, seen, { invoked: claim.completed + 10, invokedAt: claim.completedAt + 1 });
    },
  },
  {
    what: "a job is still held long after its lease",
    breaks: ["linearizable"],
    plant: (history) => {
      const claim = history.operations.find((operation) => answered("tasks/claim")(operation) && (operation.result as Task).rev === 2);
      if (!claim) return undefined;
      const { claim: held, ...task } = claim.result as Task;
      return withReadOf(history, claim, task, { invoked: claim.completed + 1e7, invokedAt: Date.parse(held!.lease_until!) + 10_000 });
    },
  },
];
