import type { State, Task } from "../../protocol/index.ts";
import { isTerminal } from "../../protocol/lifecycle.ts";
import { type Asked, asked, type Operation } from "../history/operation.ts";

/**
 * One task, as simply as the promises allow: a state machine written from domain.md and from nothing of the worker's. A search asks it
 * what an operation would have been answered in a given state.
 */
export interface Model {
  readonly state: State | null;
  /** `claimed_by` as it is shown. */
  readonly holder: string | null;
  /** The fencing token; one that nobody was told is named after its operation. */
  readonly claim: string | null;
  /** The hold cannot have lapsed before the first, and has lapsed after the second; in milliseconds. */
  readonly lapsesFrom: number;
  readonly lapsesBy: number;
  readonly attempt: number;
  readonly open: boolean;
  readonly rev: number;
  /** `rev` is a lower bound: somebody extends this lease without being recorded (the MCP bridge does). */
  readonly loose: boolean;
  /** Dependencies that are not completed. */
  readonly blocked: number;
  readonly review: boolean;
  /** Whose holds of it have ended. */
  readonly past: readonly string[];
}

export const NOTHING: Model = {
  state: null,
  holder: null,
  claim: null,
  lapsesFrom: Number.POSITIVE_INFINITY,
  lapsesBy: Number.POSITIVE_INFINITY,
  attempt: 0,
  open: false,
  rev: 0,
  loose: false,
  blocked: 0,
  review: false,
  past: [],
};

export interface Circumstances {
  /** How far the clocks of clients and server may be apart, in milliseconds; Infinity where somebody sets the clock. */
  readonly clockMs: number;
  /** Agents whose leases are extended behind the recorder's back. */
  readonly keeps: (agent: string) => boolean;
}

type Step = { readonly next: Model; readonly told?: Partial<Task> } | { readonly no: string; readonly holder?: string | null };

/**
 * The states that the task may be in after an operation that was told what it was told, where it was in `before` when the
 * previous one was over. Empty: it cannot have been.
 */
export function after(before: Model, operation: Operation, circumstances: Circumstances): Model[] {
  const out: Model[] = [];
  for (const now of meanwhile(before, operation, circumstances)) {
    const step = perform(now, operation, circumstances);
    if (operation.outcome === "refused") {
      if ("no" in step && refusedSo(step, operation)) out.push(now);
    } else if ("no" in step) {
      // an unknown one that was refused left no trace: leaving it out says the same
    } else if (operation.outcome === "unknown") {
      if (step.next !== now) out.push(step.next);
    } else {
      const told = toldTask(operation);
      if (told === undefined || told === null) {
        if (!(operation.method === "tasks/get" && told === null && now.state !== null)) out.push(step.next);
      } else {
        const fits = agrees(step.next, told, circumstances);
        if (fits) out.push(fits);
      }
    }
  }
  return out;
}

/** What time and others may have done to it first: its lease lapsed, what it waits for was completed. */
function meanwhile(before: Model, operation: Operation, { clockMs }: Circumstances): Model[] {
  const unblocked: Model[] = [before];
  for (let left = before.blocked; left > 0; left -= 1)
    unblocked.push({ ...before, blocked: left - 1, rev: before.rev + before.blocked - left + 1 });
  if (before.state !== "claimed") return unblocked;
  const out: Model[] = [];
  if (operation.invokedAt < before.lapsesBy + clockMs || clockMs === Number.POSITIVE_INFINITY) out.push(before);
  if (operation.completedAt + clockMs >= before.lapsesFrom) out.push({ ...ended(before, "pending"), holder: null, open: true });
  return out;
}

function ended(now: Model, to: State): Model {
  return {
    ...now,
    state: to,
    claim: null,
    lapsesFrom: Number.POSITIVE_INFINITY,
    lapsesBy: Number.POSITIVE_INFINITY,
    open: false,
    rev: now.rev + 1,
    past: now.past.includes(now.holder!) ? now.past : [...now.past, now.holder!].sort(),
  };
}

function perform(now: Model, operation: Operation, circumstances: Circumstances): Step {
  const given = asked(operation);
  if (operation.method === "tasks/send") return now.state === null ? { next: born(operation) } : { no: "there already" };
  if (operation.method === "tasks/get") return { next: now };
  if (now.state === null) return { no: "not_found" };
  switch (operation.method) {
    case "tasks/claim":
    case "tasks/next":
      return claim(now, operation, circumstances);
    case "tasks/extend":
      return held(now, given, () => ({ ...now, ...lease(operation), rev: now.rev + 1 }));
    case "tasks/release":
      return held(now, given, () => ({ ...ended(now, "pending"), holder: null, open: true }));
    case "tasks/fail":
      return held(now, given, () => ended(now, "failed"));
    case "tasks/complete":
      return held(now, given, () => ended(now, now.review ? "review" : "completed"));
    case "tasks/retry":
      if (now.state !== "failed") return { no: isTerminal(now.state) ? "terminal" : "wrong_state" };
      return { next: { ...now, state: "pending", holder: null, rev: now.rev + 1 } };
    case "tasks/cancel":
      if (isTerminal(now.state)) return { no: "terminal" };
      if (now.state === "claimed") return { next: ended(now, "cancelled") };
      return { next: { ...now, state: "cancelled", open: false, rev: now.rev + 1 } };
    case "tasks/update":
      if (given.rev !== undefined && given.rev !== now.rev) return { no: "rev_mismatch" };
      if (isTerminal(now.state)) return { no: "terminal" };
      return { next: { ...now, rev: now.rev + 1 } };
    case "tasks/review":
      if (now.state !== "review") return { no: isTerminal(now.state) ? "terminal" : "wrong_state" };
      return given.decision === "approve"
        ? { next: { ...now, state: "completed", rev: now.rev + 1 } }
        : { next: { ...now, state: "pending", holder: null, rev: now.rev + 1 } };
    default:
      throw new Error(`the model does not know ${operation.method}`);
  }
}

function born(operation: Operation): Model {
  const given = asked(operation);
  const told = operation.result as Task | undefined;
  const announcement = given.kind === "ack" || given.kind === "knowledge" || given.kind === "decision";
  return {
    ...NOTHING,
    state: announcement ? "completed" : "pending",
    rev: 1,
    review: given.review === "required",
    // how many of them were completed already is told by the answer; without one, the search may let go of any
    blocked: told ? (told.held?.blockers?.length ?? 0) : (given.depends_on?.length ?? 0),
    loose: told === undefined && (given.depends_on?.length ?? 0) > 0,
  };
}

function claim(now: Model, operation: Operation, { keeps }: Circumstances): Step {
  const agent = asked(operation).agent_id!;
  if (now.state === "claimed") return { no: "already_claimed", holder: now.holder };
  if (isTerminal(now.state!)) return { no: "terminal" };
  if (now.state !== "pending") return { no: "not_claimable" };
  if (now.blocked > 0) return { no: "held" };
  const told = operation.result as Task | undefined;
  return {
    next: {
      ...now,
      state: "claimed",
      holder: agent,
      claim: told?.claim?.claim_id ?? unheardClaim(operation),
      ...lease(operation),
      ...(keeps(agent) ? { lapsesBy: Number.POSITIVE_INFINITY, loose: true } : {}),
      attempt: now.attempt + (now.open ? 0 : 1),
      open: true,
      rev: now.rev + 1,
    },
  };
}

/** The name of a claim that nobody was told. */
export function unheardClaim({ key }: Operation): string {
  return `unheard ${key}`;
}

/** When the hold that an operation got or extended lapses: as it was told, or as it must be for one that was told nothing. */
function lease(operation: Operation): Pick<Model, "lapsesFrom" | "lapsesBy"> {
  const told = (operation.result as { lease_until?: string } | undefined)?.lease_until;
  if (told !== undefined) return { lapsesFrom: Date.parse(told), lapsesBy: Date.parse(told) };
  const seconds = asked(operation).lease_seconds ?? 300;
  return { lapsesFrom: operation.invokedAt + seconds * 1000, lapsesBy: Number.POSITIVE_INFINITY };
}

/** Acts for the holder, or says why not (domain §4). */
function held(now: Model, { agent_id, claim_id }: Asked, next: () => Model): Step {
  const holds =
    now.state === "claimed" && (claim_id === undefined || claim_id === now.claim) && (agent_id === undefined || agent_id === now.holder);
  if (holds) return { next: next() };
  if (claim_id !== undefined && claim_id === now.claim) return { no: "not_held" };
  const had = agent_id === undefined ? !isTerminal(now.state!) && now.past.length > 0 : now.past.includes(agent_id);
  if (claim_id !== undefined || had) return { no: "stale_claim" };
  return { no: isTerminal(now.state!) ? "terminal" : "not_held" };
}

function refusedSo(step: { no: string; holder?: string | null }, { refusal }: Operation): boolean {
  const reason = refusal?.data?.reason ?? (refusal?.code === -32004 ? "not_found" : undefined);
  return reason === step.no && (step.holder === undefined || refusal?.data?.holder === step.holder);
}

/** The task that an answer shows: undefined where it shows none, null where it says that there is none. */
export function toldTask({ method, result }: Operation): Task | null | undefined {
  if (method === "tasks/complete") return (result as { task?: Task } | undefined)?.task;
  if (method === "tasks/cancel" || method === "tasks/extend") return undefined;
  return result as Task | null | undefined;
}

/**
 * The state, with its `rev` exact again where it was not, if the answer shows exactly that; undefined where it shows another. What an
 * answer leaves out (MCP's tools tell less than the protocol) contradicts nothing.
 */
function agrees(model: Model, told: Partial<Task>, { clockMs }: Circumstances): Model | undefined {
  if (told.state !== model.state || (told.claimed_by ?? null) !== model.holder) return undefined;
  if (told.attempt !== undefined && told.attempt !== model.attempt) return undefined;
  const { rev } = told;
  if (rev !== undefined && (model.loose ? rev < model.rev : rev !== model.rev)) return undefined;
  const now = rev === undefined ? model : { ...model, rev };
  if (told.state !== "claimed") return model.loose && rev !== undefined && model.blocked === 0 ? { ...now, loose: false } : now;
  const until = told.lease_until === undefined ? Number.POSITIVE_INFINITY : Date.parse(told.lease_until);
  // a deadline that somebody gave unheard, or unrecorded, may lie anywhere where the server's clock was set meanwhile
  const early = until < model.lapsesFrom && clockMs !== Number.POSITIVE_INFINITY;
  if (model.loose) return early ? undefined : { ...now, lapsesFrom: until };
  const known = model.lapsesFrom === model.lapsesBy;
  if (known ? until !== model.lapsesFrom : early) return undefined;
  return { ...now, lapsesFrom: until, lapsesBy: until };
}

/** Equal for equal states. */
export function keyOf(model: Model): string {
  const { state, holder, claim, lapsesFrom, lapsesBy, attempt, open, rev, loose, blocked, past } = model;
  return `${state}|${holder}|${claim}|${lapsesFrom}|${lapsesBy}|${attempt}|${open}|${rev}|${loose}|${blocked}|${past.join(",")}`;
}
