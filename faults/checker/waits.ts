import { changesTask, type Event, type EventFilter, matches, type TaskSnapshot, type WaitResult } from "../../protocol/index.ts";
import { asked, type Followed, type Operation } from "../history/operation.ts";
import type { Evidence } from "./evidence.ts";
import type { Violation } from "./violation.ts";

/** Whether a line of the log ends a wait with this filter (domain §7). Only fields that the line itself decides: no `q`, no mentions. */
function ends(filter: EventFilter, event: Event): boolean {
  const task = event.data.task as TaskSnapshot | undefined;
  return task !== undefined && changesTask(event) && matches(filter, task, true);
}

/** A filter as a client writes it, each field a list. */
function listed(filter: Readonly<Record<string, unknown>> | undefined): EventFilter {
  const whole = ["name_contains", "q", "ready"];
  return Object.fromEntries(
    Object.entries(filter ?? {}).map(([name, value]) => [name, whole.includes(name) || Array.isArray(value) ? value : [value]]),
  ) as EventFilter;
}

/**
 * Each wait against the log. With a cursor: the first line after it that matches is the answer, neither a later one nor one that does
 * not match, and a time-out says that there was none up to its own cursor. Without: a task that matched just then, or the first
 * match after the wait began. And no wait is still open although its match is there.
 */
export function waits(operations: readonly Operation[], log: readonly Event[], { floor }: Evidence): Violation[] {
  const violations: Violation[] = [];
  for (const operation of operations) {
    if (operation.method !== "tasks/wait") {
      if (operation.fate === "open")
        violations.push({ rule: "wait", what: "this call was never answered, and its connection lived", operations: [operation] });
      continue;
    }
    const filter = listed(asked(operation).filter);
    const { after } = asked(operation);
    const wrong = (what: string, ...events: (Event | undefined)[]) =>
      violations.push({ rule: "wait", what, operations: [operation], events: events.filter((event) => event !== undefined) });
    // lines after the cursor, or after what the log had certainly reached when the wait began
    const from = after ?? floor.get(operation) ?? 0;
    const firstAfter = (seq: number) => log.slice(seq).find((event) => ends(filter, event));
    if (operation.outcome === "unknown") {
      const missed = operation.fate === "open" ? firstAfter(from) : undefined;
      // without a cursor the wait may have begun after any line that was written while it was on its way
      if (missed && after !== undefined) wrong("this wait was never answered, and its match is in the log", missed);
      continue;
    }
    if (operation.outcome === "refused") continue;
    const { event: told, task, cursor, timed_out } = operation.result as WaitResult;
    if (cursor > log.length) wrong(`its cursor is ${cursor}, and the log ends at ${log.length}`);
    else if (told) answeredBy(told, from, after === undefined);
    else if (timed_out) {
      const missed = firstAfter(from);
      if (missed && missed.seq <= cursor && after !== undefined) wrong(`it timed out at ${cursor}, past a match`, missed);
    } else if (after !== undefined) wrong("a wait with a cursor was answered by no line of the log");
    else if (task && !matchedAt(cursor, task.id, filter))
      wrong(`#${task.number} did not match at ${cursor}, as the answer says`, lastOf(cursor, task.id));

    function answeredBy(event: Event, from: number, live: boolean): void {
      const line = log[event.seq - 1];
      if (!line || line.type !== event.type || line.task_id !== event.task_id || !ends(filter, line))
        wrong("it was answered by what is not in the log, or does not match", line, event);
      else if (event.seq <= from) wrong(`it was answered by line ${event.seq}, which was over before it began at ${from}`, line);
      else if (cursor !== event.seq) wrong(`its cursor is ${cursor}, and its match is line ${event.seq}`, line);
      else if (!live && firstAfter(from)!.seq < event.seq) wrong("an earlier match was passed over", firstAfter(from), line);
      else if (task?.id !== event.task_id) wrong("the task it tells of is not that of its line", line);
    }
  }
  return violations;

  function lastOf(seq: number, id: string): Event | undefined {
    return log.slice(0, seq).findLast((event) => event.task_id === id);
  }
  function matchedAt(seq: number, id: string, filter: EventFilter): boolean {
    const event = lastOf(seq, id);
    return event !== undefined && matches(filter, event.data.task as TaskSnapshot, true);
  }
}

/** A subscription without a filter gets every line after its cursor, once and in order, whatever its connections went through. */
export function followings(all: readonly Followed[], log: readonly Event[]): Violation[] {
  return all.flatMap(({ client, after, seqs, cursor }): Violation[] => {
    const at = seqs.findIndex((seq, n) => seq !== after + 1 + n);
    if (at !== -1)
      return [
        { rule: "wait", what: `${client} follows the log from ${after} and was given line ${seqs[at]} where ${after + 1 + at} comes next` },
      ];
    if (cursor > log.length) return [{ rule: "wait", what: `${client} was given the cursor ${cursor}, and the log ends at ${log.length}` }];
    return [];
  });
}
