import fc from "fast-check";
import { z } from "zod";
import { METHOD_NAMES, METHODS, type MethodName } from "../../protocol/index.ts";
import { type Known, parameters, type Schema } from "./schemas.ts";
import { type Json, junk, name, object, text } from "./values.ts";

/** One call as it is sent. */
export interface Sent {
  readonly body: Json;
  /** Which method it names, where it is one of coord's and the call is whole; its result must then be what the method answers. */
  readonly method: MethodName | undefined;
  /** It may stand for a while: whoever sent it goes away. */
  readonly mayWait: boolean;
}

/** What each method takes, as JSON Schema, from the table that the worker itself reads. */
const SCHEMAS = Object.fromEntries(
  METHOD_NAMES.map((method) => [method, z.toJSONSchema(METHODS[method].params, { io: "input", unrepresentable: "any" }) as Schema]),
) as Record<MethodName, Schema>;

const WAITS = /wait|timeout/i;

/** A whole call of the method, with parameters right and wrong. */
function callOf(method: MethodName, known: Known): fc.Arbitrary<Sent> {
  return fc
    .tuple(parameters(SCHEMAS[method], known), fc.constantFrom("1", '"a"', "0", "-1.5", "null", '"\\ud800"'))
    .map(([params, id]) => ({
      body: object([
        ["jsonrpc", '"2.0"'],
        ["id", id],
        ["method", JSON.stringify(method)],
        ["params", params],
      ]),
      method,
      mayWait: WAITS.test(method) || WAITS.test(params),
    }));
}

const ODD_METHODS = ["tasks/Send", "tasks/send ", "/tasks/send", "tasks/", "rpc.discover", "tasks\0send", "SendMessage", "tools/call"];

/** A call whose envelope is wrong: version, id, method, members that are not there, there twice, or that nobody knows (JSON-RPC 2.0 §4). */
function oddCall(known: Known): fc.Arbitrary<Sent> {
  const method = fc.oneof(
    fc.constantFrom<string>(...METHOD_NAMES, ...ODD_METHODS).map((one) => JSON.stringify(one)),
    text.map((one) => JSON.stringify(one)),
    junk,
  );
  const members = fc.record({
    jsonrpc: fc.constantFrom(undefined, '"2.0"', '"2.0"', '"1.0"', "2", "null", '"2.0\\u0000"'),
    id: fc.oneof(fc.constantFrom(undefined, "1", '""', `"${"i".repeat(257)}"`), junk),
    method: fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight: 6, arbitrary: method }),
    params: fc.oneof(fc.constant(undefined), parameters(SCHEMAS["tasks/send"], known), junk),
  });
  return fc.tuple(members, fc.option(fc.tuple(name, junk), { nil: undefined })).map(([all, extra]) => {
    const body = object([...Object.entries(all), extra ?? ["", undefined]].filter((one): one is [string, string] => one[1] !== undefined));
    return { body, method: undefined, mayWait: WAITS.test(body) };
  });
}

/** Anything that may be sent as one body or frame: a call, an odd one, a batch of both, or a value that is no call. */
export function sent(known: Known): fc.Arbitrary<Sent> {
  const call = fc.oneof(...METHOD_NAMES.map((method) => callOf(method, known)));
  const odd = oddCall(known);
  const bare = junk.map((body) => ({ body, method: undefined, mayWait: false }));
  const batch = fc.oneof(
    { weight: 9, arbitrary: fc.array(fc.oneof({ weight: 4, arbitrary: call }, odd, bare), { maxLength: 6 }) },
    { weight: 1, arbitrary: fc.tuple(odd, fc.constantFrom(99, 100, 101)).map(([one, times]) => Array<Sent>(times).fill(one)) },
  );
  return fc.oneof(
    { weight: 12, arbitrary: call },
    { weight: 3, arbitrary: odd },
    {
      weight: 3,
      arbitrary: batch.map((all) => ({
        body: `[${all.map(({ body }) => body).join(",")}]`,
        method: undefined,
        mayWait: all.some(({ mayWait }) => mayWait),
      })),
    },
    { weight: 1, arbitrary: bare },
  );
}
