import type { Task } from "../../protocol/records.ts";
import type { Plan, Planned } from "../plan/plan.ts";
import type { TableSpace } from "./table.ts";
import { stateLabel } from "./tasks.ts";
import { clean, fit, pad, width } from "./text.ts";

const MOST_REF_COLUMNS = 20;

/** What would be posted, in the order of posting: name and kind of each, and below it what it waits for. */
export function dryRunLines(plan: Plan, remarks: readonly string[], space: TableSpace): string[] {
  const digits = String(plan.order.length).length;
  const indent = " ".repeat(digits + 2);
  return [
    `would post ${count(plan.tasks.length)}, in this order; nothing was posted`,
    ...plan.order.flatMap((at, index) => {
      const task = plan.tasks[at]!;
      const { name, kind, priority, review, performer, assignee, state, depends_on } = task.params;
      const traits = [
        kind ?? "task",
        priority ?? "",
        state ?? "",
        performer === "user" ? "for a person" : "",
        assignee ? `for ${assignee}` : "",
        review === "required" ? "reviewed" : "",
      ];
      const about = traits.filter((trait) => trait !== "").join(", ");
      const after = (depends_on ?? []).map((on) => nameOf(String(on), plan.tasks)).join(", ");
      return [
        `${pad(String(index + 1), digits, "right")}. ${clean(`${task.ref === null ? "" : `@${task.ref}: `}${name} (${about})`)}`,
        ...(after === "" ? [] : [`${indent}after ${clean(after)}`]),
      ].map((line) => fit(line, space.columns));
    }),
    ...remarks.map((remark) => fit(clean(`note: ${remark}`), space.columns)),
  ];
}

/** What was posted, in the order of the file. */
export function postedLines(plan: Plan, tasks: readonly Task[], space: TableSpace): string[] {
  const refs = plan.tasks.map(({ ref }) => (ref === null ? "" : `@${clean(ref)}`));
  const numbers = tasks.map(({ number }) => `#${number}`);
  const widest = (texts: readonly string[], most: number) => Math.min(most, Math.max(...texts.map(width)));
  const refColumns = widest(refs, MOST_REF_COLUMNS);
  const numberColumns = widest(numbers, space.columns);
  return [
    `posted ${count(tasks.length)}`,
    ...tasks.map((task, at) => {
      const ref = refColumns === 0 ? "" : `${pad(fit(refs[at] ?? "", refColumns), refColumns)}  `;
      return fit(
        `${pad(numbers[at] ?? "", numberColumns, "right")}  ${ref}${pad(stateLabel(task), 7)}  ${clean(task.name)}`,
        space.columns,
      );
    }),
    "",
    `see what holds what: coord graph ${tasks
      .filter((task) => !tasks.some((other) => other.depends_on.includes(task.id)))
      .slice(0, 8)
      .map(({ number }) => number)
      .join(" ")}`,
  ];
}

/** A sibling without a ref of its author's is named by its name. */
function nameOf(on: string, tasks: readonly Planned[]): string {
  const sibling = tasks.find(({ params }) => `@${params.ref}` === on);
  return sibling && sibling.ref === null ? sibling.params.name : on;
}

function count(tasks: number): string {
  return tasks === 1 ? "1 task" : `${tasks} tasks`;
}
