import type { Event, Task, TaskSnapshot, WaitResult } from "../../../protocol/index.ts";
import type { History } from "../../checker/check.ts";
import type { Rule } from "../../checker/violation.ts";
import type { Operation } from "../../history/operation.ts";
import type { Random } from "../../random.ts";

/** A fault to plant into a good history, and the promises of which at least one must be found broken. */
export interface Planted {
  readonly what: string;
  readonly breaks: readonly Rule[];
  /** undefined: this history has no place for it. */
  plant(history: History, random: Random): History | undefined;
}

export const answered = (method: string) => (operation: Operation) =>
  operation.method === method && operation.outcome === "answered" && operation.result !== null;

/** Changes one operation that fits. */
export function one(
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
export function without(history: History, event: Event): History {
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

export const rowOf = ({ seq, type, data }: Event) => ({ seq, type, data: JSON.stringify(data) });

export function withLog(history: History, log: readonly Event[]): History {
  return { ...history, log, ...(history.database ? { database: { ...history.database, events: log.map(rowOf) } } : {}) };
}

export const lastOf = ({ log }: History, id: string) => log.findLast((event) => event.task_id === id);
export const waitWith = (fits: (told: WaitResult, operation: Operation) => boolean) => (operation: Operation) =>
  answered("tasks/wait")(operation) && fits(operation.result as WaitResult, operation);
export const matchesAnything = (operation: Operation) => Object.keys(operation.params.filter as object).length === 0;
/** The filter {} is ended by pending jobs and completed announcements. */
export const endsAny = (event: Event) => {
  const task = event.data.task as TaskSnapshot;
  return task.state === (task.kind === "ack" ? "completed" : "pending") && event.type !== "review.decided"
    ? true
    : task.state === "pending";
};

/** Of a task, only its send, its first claim and a read of it afterwards. */
export function withReadOf(history: History, claim: Operation, task: Task, at: Pick<Operation, "invoked" | "invokedAt">): History {
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

export function revBefore({ log }: History, event: Event): number | undefined {
  return (log.findLast((one) => one.seq < event.seq && one.task_id === event.task_id)?.data.task as TaskSnapshot | undefined)?.rev;
}

export function conflict(reason: string, holder: string | null): Operation["refusal"] {
  return { code: -32001, message: reason, data: { reason, holder } };
}

export function withoutRow({ database }: History, id: string): Pick<History, "database"> {
  return database ? { database: { ...database, tasks: database.tasks.filter((row) => row.id !== id) } } : {};
}
