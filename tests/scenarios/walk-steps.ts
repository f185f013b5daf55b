import fc from "fast-check";
import type { ModelReview, ModelTask, WalkModel } from "./walk-model.ts";

/** Who acts: three agents and two people. */
export const ACTORS = { ada: "agent", bob: "agent", cy: "agent", pat: "user", sam: "user" } as const;
const NAMES = Object.keys(ACTORS) as (keyof typeof ACTORS)[];

/** Each kind of step as often as it takes for every transition of the table to be walked in some thousands of steps. */
const WEIGHTS = {
  send: 9,
  claim: 14,
  next: 5,
  complete: 13,
  fail: 5,
  release: 3,
  cancel: 2,
  retry: 4,
  ready: 5,
  unready: 3,
  update: 3,
  promote: 2,
  depend: 8,
  undepend: 3,
  review: 16,
  dismiss: 6,
  drag: 20,
  note: 4,
  retract: 1,
  purge: 1,
  extend: 2,
  wait: 4,
} as const;
type Kind = keyof typeof WEIGHTS;

export interface WalkStep {
  readonly kind: Kind;
  /** Which of the tasks that may be meant, counted round; `other` for the second of an edge. */
  readonly at: number;
  readonly other: number;
  readonly actor: (typeof NAMES)[number];
  /** Which variant of the call. */
  readonly how: number;
}

export const walkStep: fc.Arbitrary<WalkStep> = fc.record({
  kind: fc.oneof(...Object.entries(WEIGHTS).map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind as Kind) }))),
  at: fc.nat(9_999),
  other: fc.nat(9_999),
  actor: fc.constantFrom(...NAMES),
  how: fc.nat(999),
});

/** The states in which a kind of step can do something; three times of four one of those is meant, else any task at all. */
const FITTING: Partial<Record<Kind, readonly string[]>> = {
  claim: ["pending"],
  complete: ["claimed", "claimed", "pending", "backlog", "review", "review"],
  fail: ["claimed"],
  release: ["claimed"],
  extend: ["claimed"],
  retry: ["failed"],
  ready: ["backlog"],
  unready: ["pending"],
  promote: ["idea"],
  depend: ["pending", "backlog", "idea"],
  review: ["review"],
  dismiss: ["review"],
  cancel: ["idea", "backlog", "pending", "claimed", "review", "failed"],
};

const LEASES = [1, 5, 60, 600];
const HOW_LONG_MS = [0, 500, 4_000, 70_000];

/** How much time a step lets pass, in milliseconds. */
export function pauseOf({ kind, how }: WalkStep): number {
  return kind === "wait" ? HOW_LONG_MS[how % HOW_LONG_MS.length]! : 1;
}

/** The call that a step makes on the board as the model knows it; undefined where it only lets time pass, or there is nothing to act on. */
export function callOf(step: WalkStep, model: WalkModel): [method: string, params: Record<string, unknown>] | undefined {
  const { kind, actor, how, other } = step;
  if (kind === "wait") return undefined;
  if (kind === "send") return ["tasks/send", sent(step, model)];
  if (kind === "next") return ["tasks/next", { agent_id: actor, lease_seconds: LEASES[how % LEASES.length] }];
  const task = meant(step, model);
  if (task === undefined) return undefined;
  const { id } = task;
  const acting = { id, agent_id: actor };
  switch (kind) {
    case "claim":
      return ["tasks/claim", { ...acting, lease_seconds: LEASES[how % LEASES.length] }];
    case "complete":
      return ["tasks/complete", { ...holder(step, task), result: how, ...(how % 3 === 0 ? { post_ack: true } : {}) }];
    case "fail":
      return ["tasks/fail", { ...holder(step, task), reason: `${how}` }];
    case "release":
    case "extend":
      return [`tasks/${kind}`, holder(step, task)];
    case "cancel":
    case "retry":
    case "ready":
    case "unready":
      return [`tasks/${kind}`, acting];
    case "update":
      return [
        "tasks/update",
        { ...acting, ...[{ name: `${how}` }, { priority: "high" }, { assignee: actor }, { assignee: null }][how % 4] },
      ];
    case "promote":
      return ["tasks/update", { ...acting, state: "backlog" }];
    case "drag":
      return ["tasks/update", { ...acting, state: ["backlog", "pending", "claimed", "review", "review", "completed"][how % 6] }];
    case "depend":
      return ["tasks/depend", { ...acting, on: model.at(other).id }];
    case "undepend":
      return ["tasks/undepend", { ...acting, on: [...task.dependsOn][other % Math.max(1, task.dependsOn.size)] ?? model.at(other).id }];
    case "review": {
      const decision = ["approve", "approve", "request_changes", "comment"][how % 4];
      const attempt = how % 5 === 0 ? { attempt: task.attempt + (how % 2) } : {};
      return ["tasks/review", { ...acting, decision, body: "because", ...attempt }];
    }
    case "dismiss": {
      // of work that somebody else has approved, so that it may be what completes it; now and then any that was ever made
      const isOpen = (review: ModelReview) => review.decision === "request_changes" && !review.dismissed;
      const isApproved = (one: ModelTask) => one.reviews.some(({ decision, attempt }) => decision === "approve" && attempt === one.attempt);
      const stuck = model.all().find((one) => one.state === "review" && isApproved(one) && one.reviews.some(isOpen));
      const request = how % 8 === 0 ? model.anyRequest(other) : stuck?.reviews.find(isOpen);
      return request && ["reviews/dismiss", { review_id: request.id, reason: "settled", agent_id: actor }];
    }
    case "note":
      return ["notes/add", { ...acting, body: `${how}` }];
    case "retract":
    case "purge": {
      const note = model.anyNote(other);
      return note === undefined ? undefined : [`notes/${kind}`, { note_id: note, reason: "a secret", agent_id: actor }];
    }
  }
}

function sent({ actor, how, other }: WalkStep, model: WalkModel): Record<string, unknown> {
  if (how % 19 === 0) return { name: `${how}`, kind: "ack", agent_id: actor };
  return {
    name: `${how}`,
    agent_id: actor,
    state: ["pending", "pending", "backlog", "idea"][how % 4],
    performer: how % 3 === 0 ? "user" : "agent",
    ...(how % 5 < 2 ? { review: "required", required_approvals: 1 + (how % 10 === 0 ? 1 : 0) } : {}),
    ...(how % 11 === 0 ? { assignee: actor } : {}),
    depends_on: model.size > 0 && how % 7 < 3 ? [model.at(other).id] : [],
  };
}

function meant({ kind, at, how }: WalkStep, model: WalkModel): ModelTask | undefined {
  if (model.size === 0) return undefined;
  const wanted = FITTING[kind];
  const state = wanted?.[how % wanted.length];
  const fitting =
    kind === "drag"
      ? model.all().filter((task) => task.performer === "user" && task.state !== "completed" && task.state !== "cancelled")
      : model.all().filter((task) => task.state === state);
  return at % 4 === 0 || fitting.length === 0 ? model.at(at) : fitting[at % fitting.length];
}

/** As its holder for the most part; else as somebody else, as nobody, or by a claim that may have ended. */
function holder({ actor, how }: WalkStep, task: ModelTask): Record<string, unknown> {
  const by = [task.holder ?? actor, task.holder ?? actor, task.holder ?? actor, actor, undefined][how % 5];
  const claim_id = how % 6 === 0 ? task.claimIds.at(-1 - (how % 2)) : undefined;
  return { id: task.id, ...(by === undefined ? {} : { agent_id: by }), ...(claim_id === undefined ? {} : { claim_id }) };
}
