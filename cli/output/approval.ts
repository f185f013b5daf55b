import type { Result } from "../../protocol/methods.ts";
import type { Review, Task } from "../../protocol/records.ts";
import type { TableSpace } from "./table.ts";
import { clean, fit } from "./text.ts";

/** The requests for changes that block: neither followed by their author's approval nor set aside. */
export function openRequests(reviews: readonly Review[]): Review[] {
  return reviews.filter(
    (review, at) =>
      review.decision === "request_changes" &&
      !review.dismissed &&
      !reviews.slice(at + 1).some((later) => later.reviewer === review.reviewer && later.decision === "approve"),
  );
}

/** Why work that somebody approved is still in review, and what to do about it. */
export function missingLines(task: Task, { reviews }: Pick<Result<"tasks/history">, "reviews">, space: TableSpace): string[] {
  const approvers = new Set(
    reviews.filter(({ attempt, decision }) => attempt === task.attempt && decision === "approve").map((one) => one.reviewer),
  );
  const left = task.required_approvals - approvers.size;
  return [
    ...(left > 0 ? [`it needs ${left} more approval${left === 1 ? "" : "s"}, by others`] : []),
    ...openRequests(reviews).flatMap(({ reviewer, review_id }) => [
      fit(`${clean(reviewer)} asked for changes and has to approve, or an owner sets that aside:`, space.columns),
      `  coord dismiss ${review_id} --reason WHY`,
    ]),
  ];
}
