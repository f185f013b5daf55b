import { expect } from "vitest";
import { CONFLICT_REMEDIES, METHODS, type MethodName, REFUSALS } from "../../protocol/index.ts";

/** What no answer and no line of a log may hold: a stack, or coord's own word for a bug. */
const STACK = /\n\s+at .*[:(]|this is a bug in coord|a bug, not a mistake|uncaught exception|unhandled/i;

/** That a text tells of no bug. */
export function noBug(text: string, what: string): void {
  const at = STACK.exec(text)?.index;
  if (at !== undefined) throw new Error(`${what} tells of a bug: …${text.slice(Math.max(0, at - 500), at + 1_500)}`);
}

type Answer = {
  jsonrpc?: unknown;
  id?: unknown;
  result?: unknown;
  error?: { code: number; message: string; data: Record<string, unknown> };
};

/** How calls came out, so that a test can tell that its calls got anywhere. */
export class Tally {
  readonly times = new Map<string, number>();
  count(method: string, how: string): void {
    const key = `${method} ${how}`;
    this.times.set(key, (this.times.get(key) ?? 0) + 1);
  }
  /** The methods that were answered so. */
  methods(how: RegExp): Set<string> {
    const found = [...this.times.keys()].map((key) => key.split(" ")).filter(([, outcome]) => how.test(outcome!));
    return new Set(found.map(([method]) => method!));
  }
}

/**
 * That it is a JSON-RPC 2.0 answer, or a batch of them, whose refusal stands in the table with its code and remedy; none is internal.
 * @param method whose result it is, where that is known: it fits the method's schema
 */
export function isAnswer(text: string, method: MethodName | undefined, tally?: Tally): void {
  noBug(text, "the answer");
  const answer = JSON.parse(text) as Answer | Answer[];
  if (Array.isArray(answer)) {
    expect(answer.length, "answers in a batch").toBeGreaterThan(0);
    for (const one of answer) isOne(one, undefined, tally);
  } else isOne(answer, method, tally);
}

function isOne(answer: Answer, method: MethodName | undefined, tally: Tally | undefined): void {
  const { jsonrpc, id, result, error, ...rest } = answer;
  expect(rest, "members of an answer").toEqual({});
  expect(jsonrpc).toBe("2.0");
  expect(id === null || ["string", "number"].includes(typeof id), `an id: ${JSON.stringify(id)}`).toBe(true);
  expect([result === undefined, error === undefined].filter(Boolean), "a result or an error").toHaveLength(1);
  if (error === undefined) {
    if (method !== undefined) METHODS[method].result.parse(result);
    tally?.count(method ?? "?", "ok");
    return;
  }
  isRefusal(error);
  tally?.count(method ?? "?", String(error.data.reason ?? error.data.code));
}

/** That it is a refusal of the table (domain §6), in full, and no bug. */
export function isRefusal({ code, message, data }: NonNullable<Answer["error"]>): void {
  expect(Object.keys(REFUSALS)).toContain(data.code);
  const known = REFUSALS[data.code as keyof typeof REFUSALS];
  expect(code).toBe(known.rpc);
  expect(data.code, message).not.toBe("internal");
  expect([typeof data.remedy, typeof message]).toEqual(["string", "string"]);
  expect(message.length, "letters in a message").toBeLessThan(2_000);
  if (data.code === "conflict") expect(Object.keys(CONFLICT_REMEDIES)).toContain(data.reason);
}
