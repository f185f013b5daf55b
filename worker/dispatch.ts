import { METHODS, type MethodName, type Params, type Result, refuse, SESSION_METHODS } from "../protocol/index.ts";
import { checkin } from "./commands/agents.ts";
import { claim } from "./commands/claim.ts";
import { depend, graph, undepend } from "./commands/dependencies.ts";
import { complete, extend, fail, release } from "./commands/hold.ts";
import { addNote, listNotes, purgeNote, retractNote } from "./commands/notes.ts";
import { send } from "./commands/post.ts";
import { get, history, info } from "./commands/reads.ts";
import { dismiss, review } from "./commands/reviews.ts";
import { cancel, ready, retry, unready, update } from "./commands/states.ts";
import { eventsOrWait, inboxOrWait, type Later, listOrWait, nextOrWait, type WaitFor, wait } from "./commands/wait.ts";
import { authorize } from "./core/authorize.ts";
import { fingerprint, keyTaken, recall, remember } from "./core/idempotency.ts";
import { parseParams } from "./core/parse.ts";
import { type Answers, answerTooLarge } from "./core/reply.ts";
import type { Transaction } from "./core/sql.ts";
import { taskByNumber, toTask } from "./core/tasks.ts";
import { answer, type Outcome, refused, type Turn } from "./core/turn.ts";

/** What a command can ask of the connection it came by. */
export interface Caller {
  /** How long a wait may last at most, in milliseconds; null: for ever. */
  readonly mostWaitMs: number | null;
  /** The fingerprint of the call that waits under an idempotency key, if one does. */
  waiting(key: string): string | undefined;
  /** The answers that this request or frame has so far. */
  readonly answers: Answers;
  /** What is open on the object, for `workspace/info`. */
  open(): { workspace: string; schema: number; sessions: number; waiters: number };
  /** The agent acts over this connection: it counts as seen for as long as that is open. */
  bind(agent_id: string): void;
  /** The methods that only a session has; undefined over HTTP. */
  readonly session?: {
    subscribe(turn: Turn, params: Params<"events/subscribe">): Outcome<Result<"events/subscribe">>;
    unsubscribe(params: Params<"events/unsubscribe">): Outcome<Result<"events/unsubscribe">>;
    ack(params: Params<"session/ack">): Outcome<Result<"session/ack">>;
    cancel(turn: Turn, params: Params<"session/cancel">): Outcome<Result<"session/cancel">>;
  };
}

export interface WaitCall {
  readonly ok: "later";
  readonly wait: WaitFor;
  readonly key?: { key: string; call: string };
}

type Handler<M extends MethodName> = (turn: Turn, params: Params<M>, caller: Caller) => Outcome<Result<M>> | Later;

const HANDLERS: { [M in MethodName]: Handler<M> } = {
  "tasks/send": send,
  "tasks/get": get,
  "tasks/list": listOrWait,
  "tasks/claim": claim,
  "tasks/extend": extend,
  "tasks/reclaim": (turn) => answer(turn.lapsed.splice(0).map((number) => toTask(turn.sql, taskByNumber(turn.sql, number)!))),
  "tasks/complete": complete,
  "tasks/cancel": cancel,
  // the beat itself is in `execute`: any call that names an agent is one
  "agents/heartbeat": () => answer({ ok: true as const }),
  "agents/list": (turn) => answer(turn.presence.list(turn.sql, turn.now)),
  "tasks/next": (turn, params, caller) => nextOrWait(turn, params, caller.mostWaitMs),
  "tasks/release": release,
  "tasks/fail": fail,
  "tasks/retry": retry,
  "tasks/ready": ready,
  "tasks/unready": unready,
  "tasks/update": update,
  "tasks/wait": (turn, params, caller) => wait(turn, params, caller.mostWaitMs),
  "tasks/depend": depend,
  "tasks/undepend": undepend,
  "tasks/graph": graph,
  "tasks/review": review,
  "reviews/dismiss": dismiss,
  "notes/add": addNote,
  "notes/list": listNotes,
  "notes/retract": retractNote,
  "notes/purge": purgeNote,
  "tasks/history": history,
  "events/list": eventsOrWait,
  "agents/checkin": checkin,
  "agents/inbox": (turn, params, caller) => inboxOrWait(turn, params, caller.mostWaitMs),
  "workspace/info": (turn, _params, caller) => info(turn, caller.open()),
  "events/subscribe": (turn, params, caller) => caller.session!.subscribe(turn, params),
  "events/unsubscribe": (_turn, params, caller) => caller.session!.unsubscribe(params),
  "session/ack": (_turn, params, caller) => caller.session!.ack(params),
  "session/cancel": (turn, params, caller) => caller.session!.cancel(turn, params),
};

/** A call whose parameters are right and whose caller may make it: what is left to do needs the database. */
export interface Command {
  readonly turn: Turn;
  readonly method: MethodName;
  readonly params: Record<string, unknown>;
  readonly caller: Caller;
  readonly key?: { key: string; call: string };
  readonly actor?: Actor;
}

type Actor = { id: string; name?: string; type?: "agent" | "user" };

/** The first steps of every command: method → parameters → authorize. They look at nothing but the call. */
export function prepare(turn: Turn, name: string, given: Record<string, unknown>, caller: Caller): Outcome<Command> {
  if (!Object.hasOwn(METHODS, name))
    return refused(refuse("method_not_found", `method not found: ${name.slice(0, 80)}`, { method: name.slice(0, 80) }));
  const method = name as MethodName;
  const parsed = parseParams(method, given);
  if (!parsed.ok) return parsed;
  const forbidden = authorize(turn.principal, METHODS[method].action);
  if (forbidden) return refused(forbidden);
  if ((SESSION_METHODS as readonly string[]).includes(method) && !caller.session) {
    return refused(
      refuse("invalid_request", `${method} needs a session (GET /session); over HTTP use events/list with wait_ms`, { method }),
    );
  }
  const params = parsed.value as Record<string, unknown>;
  const key = METHODS[method].mutates ? (params.idempotency_key as string | undefined) : undefined;
  const actor = actorOf(method, params);
  return answer({
    turn,
    method,
    params,
    caller,
    ...(key === undefined ? {} : { key: { key, call: fingerprint(method, params) } }),
    ...(actor && { actor }),
  });
}

/**
 * The one path of every command, whatever it came by: one transaction in which the key is looked up, the agent is seen, the command runs
 * and its answer is remembered. Nothing here awaits.
 */
export function execute(command: Command, transaction: Transaction): Outcome<unknown> | WaitCall {
  const { turn, method, params, caller, key } = command;
  if (METHODS[method].action === "read" && caller.answers.room <= 0) return refused(answerTooLarge("ask for less in one batch"));
  const handler = HANDLERS[method] as unknown as (turn: Turn, params: unknown, caller: Caller) => Outcome<unknown> | Later;
  const outcome = transaction((): Outcome<unknown> | Later => {
    const first = begin(command);
    if (first) return first;
    // after the beat: that an agent was seen for the first time does not make a refusal worth keeping
    const logged = turn.log.length;
    const outcome = handler(turn, params, caller);
    if (key && outcome.ok !== "later" && isWorthKeeping(outcome, turn.log.length > logged)) remember(turn, key.key, key.call, outcome);
    return outcome;
  });
  return outcome.ok === "later" && key ? { ...outcome, key } : outcome;
}

/** The answer that the call's key stands for already; else the agent is seen. */
export function begin({ turn, caller, key, actor }: Command): Outcome<unknown> | undefined {
  if (key) {
    const waiting = caller.waiting(key.key);
    if (waiting !== undefined && waiting !== key.call) return refused(keyTaken(key.key));
    const first = recall(turn.sql, key.key, key.call, turn.now);
    if (first) return first;
  }
  if (actor) turn.presence.touch(turn, actor.id, actor.name, actor.type);
  return undefined;
}

/** An answer that changed something is given again for the same key; a refusal that changed nothing is decided afresh. */
function isWorthKeeping(outcome: Outcome<unknown>, changed: boolean): boolean {
  return outcome.ok ? outcome.value !== null : changed;
}

function actorOf(method: MethodName, params: Record<string, unknown>): Actor | undefined {
  if (method === "agents/heartbeat" || method === "agents/checkin" || method === "agents/inbox") return params as unknown as Actor;
  return typeof params.agent_id === "string" ? { id: params.agent_id } : undefined;
}
