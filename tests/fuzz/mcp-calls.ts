import fc from "fast-check";
import { TOOLS } from "../../mcp/tools/index.ts";
import { damage } from "./bytes.ts";
import { type Known, parameters, type Schema } from "./schemas.ts";
import { type Json, junk, object, text } from "./values.ts";

export type Era = "modern" | "legacy";

const META = JSON.stringify({
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
  "io.modelcontextprotocol/clientInfo": { name: "Fuzz", version: "1" },
});

/** One message for an MCP server, and what its headers say it is (2026-07-28, Streamable HTTP). */
export interface McpMessage {
  readonly body: Json;
  readonly era: Era;
  readonly method: string;
  readonly name: string | undefined;
  readonly mayWait: boolean;
}

const quoted = text.map((one) => JSON.stringify(one));
const URIS = [
  "coord://board",
  "coord://agents",
  "coord://log",
  "coord://tasks/2",
  "coord://tasks/%",
  "coord://tasks/../x",
  "coord://",
  "file:///etc/passwd",
];
const uri = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...URIS).map((one) => JSON.stringify(one)) }, quoted, junk);

/** The parameters of one of the protocol's own methods, by what they hold. */
const OWN: Readonly<Record<string, fc.Arbitrary<readonly (readonly [string, Json])[]>>> = {
  initialize: fc
    .tuple(
      fc.oneof(fc.constantFrom('"2025-06-18"', '"2025-11-25"', '"2024-11-05"', '"1999-01-01"'), junk),
      fc.oneof(fc.constant("{}"), junk),
      junk,
    )
    .map(([version, capabilities, info]) => [
      ["protocolVersion", version],
      ["capabilities", capabilities],
      ["clientInfo", info === "null" ? '{"name":"Fuzz","version":"1"}' : info],
    ]),
  "server/discover": fc.constant([]),
  ping: fc.constant([]),
  "tools/list": junk.map((cursor) => [["cursor", cursor]]),
  "resources/list": junk.map((cursor) => [["cursor", cursor]]),
  "resources/templates/list": fc.constant([]),
  "resources/read": uri.map((one) => [["uri", one]]),
  "resources/subscribe": uri.map((one) => [["uri", one]]),
  "resources/unsubscribe": uri.map((one) => [["uri", one]]),
  "subscriptions/listen": fc
    .tuple(uri, junk)
    .map(([one, other]) => [["notifications", `{"resourcesListChanged":true,"resourceSubscriptions":[${one}],"x":${other}}`]]),
  "prompts/list": fc.constant([]),
  "prompts/get": fc.tuple(fc.oneof(fc.constantFrom('"plan"', '"handoff"', '"standup"'), junk), junk, quoted).map(([name, all, one]) => [
    ["name", name],
    ["arguments", one.length % 2 ? all : `{"task":${one},"id":${one},"goal":${one}}`],
  ]),
  "completion/complete": fc.tuple(uri, quoted, junk).map(([one, value, other]) => [
    ["ref", one.length % 2 ? `{"type":"ref/resource","uri":${one}}` : '{"type":"ref/prompt","name":"handoff"}'],
    ["argument", one.length % 3 ? `{"name":"task","value":${value}}` : other],
  ]),
  "logging/setLevel": junk.map((level) => [["level", level]]),
  "notifications/initialized": fc.constant([]),
  "notifications/cancelled": junk.map((id) => [["requestId", id]]),
  "notifications/progress": junk.map((token) => [["progressToken", token]]),
  "tasks/list": fc.constant([]),
  constructor: fc.constant([]),
};

function toolCall(known: Known): fc.Arbitrary<{ method: string; name: string; params: readonly (readonly [string, Json])[] }> {
  return fc.oneof(
    ...TOOLS.map((tool) => {
      const schema: Schema = { type: "object", properties: tool.input as Record<string, Schema>, required: tool.required ?? [] };
      return parameters(schema, known).map((args) => ({
        method: "tools/call",
        name: tool.name,
        params: [
          ["name", JSON.stringify(tool.name)],
          ["arguments", args],
        ] as const,
      }));
    }),
    fc.tuple(text, junk).map(([name, args]) => ({
      method: "tools/call",
      name,
      params: [
        ["name", JSON.stringify(name)],
        ["arguments", args],
      ] as const,
    })),
  );
}

/** A message of either era, of any method that MCP has and some that it has not. */
export function mcpMessage(known: Known): fc.Arbitrary<McpMessage> {
  const own = fc.oneof(...Object.entries(OWN).map(([method, params]) => params.map((all) => ({ method, name: undefined, params: all }))));
  const id = fc.oneof({ weight: 8, arbitrary: fc.constantFrom("1", '"a"') }, fc.constantFrom("null", "{}", "1.5", "-1", undefined));
  return fc
    .record({
      era: fc.constantFrom<Era>("modern", "legacy"),
      what: fc.oneof({ weight: 2, arbitrary: toolCall(known) }, own),
      id,
      meta: fc.oneof({ weight: 9, arbitrary: fc.constant(META) }, junk),
      version: fc.oneof({ weight: 19, arbitrary: fc.constant('"2.0"') }, junk),
    })
    .map(({ era, what, id, meta, version }) => {
      const params = object([...what.params, ...(era === "modern" ? [["_meta", meta] as const] : [])]);
      const isNotification = what.method.startsWith("notifications/");
      const body = object([
        ["jsonrpc", version],
        ...(id === undefined || isNotification ? [] : [["id", id] as const]),
        ["method", JSON.stringify(what.method)],
        ["params", params],
      ]);
      const mayWait = /wait|next/.test(what.name ?? "") || what.method === "subscriptions/listen";
      return { body, era, method: what.method, name: what.name, mayWait };
    });
}

/** What may come on a standard input: a message, whole or damaged, noise, or a line longer than any message. */
export function lines(known: Known): fc.Arbitrary<Uint8Array[]> {
  const line = fc.tuple(mcpMessage(known), damage).map(([{ body }, by]) => by.apply(body));
  const noise = fc.uint8Array({ maxLength: 80 });
  return fc.array(fc.oneof({ weight: 6, arbitrary: line }, noise), { maxLength: 12 });
}
