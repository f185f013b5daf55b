import type { Event } from "../../protocol/index.ts";
import type { Operation } from "../history/operation.ts";

/** The promises that a history is held against. */
export const RULES = {
  "one-holder": "one holder at a time",
  "lost-write": "no acknowledged write is missing",
  "refused-write": "nothing is written that was refused, nobody asked for, or was asked for once",
  order: "what was answered before something else was asked happened before it",
  linearizable: "what clients were told of a task is what one task could have told them, one at a time",
  wait: "a wait is answered by the first match after its cursor, none missed, none invented",
  log: "the log has no gap, and each line follows from those before it",
  tables: "the log replayed from zero is what the tables hold",
} as const;
export type Rule = keyof typeof RULES;

export interface Violation {
  readonly rule: Rule;
  /** One sentence: what is wrong. */
  readonly what: string;
  readonly operations?: readonly Operation[];
  readonly events?: readonly Event[];
}

/** A violation as a short story: the rule, the sentence, and those concerned in the order in which they happened. */
export function story(violation: Violation): string {
  const lines = [`${RULES[violation.rule]}: ${violation.what}`];
  const operations = [...(violation.operations ?? [])].sort((a, b) => a.invoked - b.invoked);
  const start = operations[0]?.invoked ?? 0;
  for (const operation of operations.slice(-40)) lines.push(`  ${told(operation, start)}`);
  for (const event of (violation.events ?? []).slice(-20)) lines.push(`  log ${line(event)}`);
  return lines.join("\n");
}

function told(operation: Operation, start: number): string {
  const ms = (time: number) => (time === Number.POSITIVE_INFINITY ? "…" : ((time - start) / 1000).toFixed(1));
  const { idempotency_key: _key, ...params } = operation.params;
  const said =
    operation.outcome === "answered"
      ? `→ ${short(operation.result)}`
      : operation.outcome === "refused"
        ? `✗ ${operation.refusal?.data?.reason ?? operation.refusal?.message}`
        : `? ${operation.fate}`;
  return `${ms(operation.invoked)}–${ms(operation.completed)} ms ${operation.client}: ${operation.method} ${short(params)} ${said}`;
}

function line(event: Event): string {
  const { task, ...rest } = event.data;
  const about = task as { number: number; state: string; rev: number } | undefined;
  return `${event.seq} ${event.at} ${event.type}${about ? ` #${about.number} ${about.state} rev ${about.rev}` : ""} ${event.agent_id ?? ""} ${short(rest)}`;
}

const KEPT = [
  "id",
  "state",
  "claimed_by",
  "claim",
  "rev",
  "attempt",
  "lease_until",
  "cursor",
  "timed_out",
  "task",
  "ok",
  "event",
  "seq",
  "type",
  "data",
];

/** A value in one line: of a record only what the checker looks at. */
function short(value: unknown): string {
  const record = typeof value === "object" && value !== null && !Array.isArray(value);
  const whole = record && "created_at" in value;
  const shown = whole ? Object.fromEntries(Object.entries(value).filter(([name]) => KEPT.includes(name))) : value;
  const text = JSON.stringify(shown, (_name, inner) =>
    typeof inner === "object" && inner !== null && "created_at" in inner && inner !== shown
      ? { id: inner.id, state: inner.state, rev: inner.rev }
      : inner,
  );
  return text === undefined ? "" : text.length > 240 ? `${text.slice(0, 240)}…` : text;
}
