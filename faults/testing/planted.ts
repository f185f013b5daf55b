import type { Event, Task, TaskSnapshot, WaitResult } from "../../protocol/index.ts";
import type { History } from "../checker/check.ts";
import type { Rule } from "../checker/violation.ts";
import type { Operation } from "../history/operation.ts";
import type { Random } from "../random.ts";

/** A fault to plant into a good history, and the promises of which at least one must be found broken. */
export interface Planted {
  readonly what: string;
  readonly breaks: readonly Rule[];
  /** undefined: this history has no place for it. */
  plant(history: History, random: Random): History | undefined;
}

const answered = (method: string) => (operation: Operation) =>
  operation.method === method && operation.outcome === "answered" && operation.result !== null;

/** Changes one operation that fits. */
function one(
  fits: (operation: Operation, history: History) => boolean,
  change: (operation: Operation, history: History, random: Random) => Partial<Operation> | undefined,
): Planted["plant"] {
  return (history, random) => {
    const all = history.operations.filter((operation) => fits(operation, history));
    if (all.length === 0) return undefined;
    const chosen = random.pick(all);
    const changed = change(structuredClone(chosen), history, random);
    return (
      changed && {
        ...history,
        operations: history.operations.map((operation) => (operation === chosen ? { ...operation, ...changed } : operation)),
      }
    );
  };
}

/** Takes one line out of the log and closes the gap, in the file as well, as a write that was rolled back after its answer would. */
function without(history: History, event: Event): History {
  const renumber = (seq: number) => (seq > event.seq ? seq - 1 : seq);
  const log = history.log.filter((other) => other !== event).map((other) => ({ ...other, seq: renumber(other.seq) }));
  return {
    ...history,
    log,
    followed: [],
    operations: history.operations.filter((operation) => operation.method !== "tasks/wait"),
    ...(history.database ? { database: { ...history.database, events: log.map(rowOf) } } : {}),
  };
}

const rowOf = ({ seq, type, data }: Event) => ({ seq, type, data: JSON.stringify(data) });

function withLog(history: History, log: readonly Event[]): History {
  return { ...history, log, ...(history.database ? { database: { ...history.database, events: log.map(rowOf) } } : {}) };
}

const lastOf = ({ log }: History, id: string) => log.findLast((event) => event.task_id === id);
const waitWith = (fits: (told: WaitResult, operation: Operation) => boolean) => (operation: Operation) =>
  answered("tasks/wait")(operation) && fits(operation.result as WaitResult, operation);
const matchesAnything = (operation: Operation) => Object.keys(operation.params.filter as object).length === 0;
/** The filter {} is ended by pending jobs and completed announcements. */
const endsAny = (event: Event) => {
  const task = event.data.task as TaskSnapshot;
  return task.state === (task.kind === "ack" ? "completed" : "pending") && event.type !== "review.decided"
    ? true
    : task.state === "pending";
};

export const PLANTED: readonly Planted[] = [
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
    plant: one(answered("tasks/get"), () => ({ result: null })),
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

/** Of a task, only its send, its first claim and a read of it afterwards. */
function withReadOf(history: History, claim: Operation, task: Task, at: Pick<Operation, "invoked" | "invokedAt">): History {
  const times = { ...at, completed: at.invoked + 10, completedAt: at.invokedAt + 1 };
  const read: Operation = {
    key: history.operations.length,
    client: "late",
    method: "tasks/get",
    params: { id: task.id },
    ...times,
    outcome: "answered",
    result: task,
  };
  const others = history.operations.filter((other) =>
    (other.result as Task | undefined)?.id === task.id ? other.method === "tasks/send" : other.params.id !== task.id,
  );
  return { ...history, operations: [...others, claim, read] };
}

function revBefore({ log }: History, event: Event): number | undefined {
  return (log.findLast((one) => one.seq < event.seq && one.task_id === event.task_id)?.data.task as TaskSnapshot | undefined)?.rev;
}

function conflict(reason: string, holder: string | null): Operation["refusal"] {
  return { code: -32001, message: reason, data: { reason, holder } };
}

function withoutRow({ database }: History, id: string): Pick<History, "database"> {
  return database ? { database: { ...database, tasks: database.tasks.filter((row) => row.id !== id) } } : {};
}
