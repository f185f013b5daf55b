import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as HttpV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ResourceListChangedNotificationSchema, ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import type { MethodName, ParamsIn, Result } from "../../protocol/index.ts";
import { cleanEnv, PROGRAM, type TestServer, temporaryFolder } from "../harness/server.ts";

/** The clients that stand for hosts: v2's in either era, and v1's for every older one. */
export const CLIENTS = ["v2", "v2 legacy", "v1"] as const;
export type ClientKind = (typeof CLIENTS)[number];

const TEMPLATE = "coord://tasks/{id}";

/** What carries MCP: `coord mcp` as the host's child, or the server's own endpoint. */
export const TRANSPORTS = ["stdio", "http"] as const;
export type TransportKind = (typeof TRANSPORTS)[number];

/** Every client over every transport, for `describe.each` and `test.each`. */
export const CONNECTIONS = TRANSPORTS.flatMap((transport) => CLIENTS.map((client) => ({ transport, client })));

export interface Answer {
  readonly isError: boolean;
  /** `structuredContent`; the text block says the same, which every call checks. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects out of JSON
  readonly answer: Record<string, any>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** The client's own limit, in milliseconds; default 60 s. */
  readonly timeout?: number;
  /** Each sign of progress starts that limit anew. */
  readonly resetTimeoutOnProgress?: boolean;
  readonly onprogress?: (progress: { progress: number; total?: number | undefined; message?: string | undefined }) => void;
}

/** One host that speaks through a real MCP client. */
export interface Host extends AsyncDisposable {
  readonly instructions: string;
  listTools(): Promise<{ name: string; inputSchema: object; outputSchema?: object | undefined }[]>;
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<Answer>;
  listResources(): Promise<{ uri: string; name: string }[]>;
  listTemplates(): Promise<{ uriTemplate: string }[]>;
  /** The text of a resource. */
  read(uri: string): Promise<string>;
  listPrompts(): Promise<{ name: string; arguments?: { name: string; required?: boolean | undefined }[] | undefined }[]>;
  /** The text of a prompt. */
  prompt(name: string, args?: Record<string, string>): Promise<string>;
  /** The values offered for an argument of a prompt, or of the template. */
  complete(prompt: string | null, argument: string, value: string): Promise<string[]>;
  /** Subscribes as the client's era does, and notes every notification from then on; `list` for changes of the list as well. */
  watch(uris: string[], list?: boolean): Promise<Watch>;
  close(): Promise<void>;
}

/** The notifications that a client got: addresses that were updated, and "list". */
export interface Watch {
  readonly heard: string[];
  stop(): Promise<void>;
}

export interface HostOptions {
  readonly as?: string;
  readonly client?: ClientKind;
  readonly transport?: TransportKind;
  readonly workspace?: string;
  /** Over HTTP, beside the agent's. */
  readonly headers?: Record<string, string>;
  /** The host's `clientInfo.name`. */
  readonly name?: string;
  readonly env?: Record<string, string | undefined>;
}

/** Connects a host to this server: by `coord mcp`, or to its endpoint. */
export async function connect(url: string, options: HostOptions = {}): Promise<Host> {
  const { as = "heron", client: kind = "v2", name = "claude-code" } = options;
  const identity = { name, version: "1.0.0" };
  const { v1, v2 } = transports(url, as, options);
  if (kind === "v1") {
    const client = new ClientV1(identity);
    await client.connect(v1());
    const watch = async (uris: string[]): Promise<Watch> => {
      const heard: string[] = [];
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void heard.push(params.uri));
      client.setNotificationHandler(ResourceListChangedNotificationSchema, () => void heard.push("list"));
      for (const uri of uris) await client.subscribeResource({ uri });
      return {
        heard,
        stop: async () => {
          for (const uri of uris) await client.unsubscribeResource({ uri });
        },
      };
    };
    return hostOf(client, async (params, given) => client.callTool(params, undefined, given), watch);
  }
  const client = new ClientV2(identity, { versionNegotiation: { mode: kind === "v2" ? "auto" : "legacy" } });
  await client.connect(v2());
  const watch = async (uris: string[], list = false): Promise<Watch> => {
    const heard: string[] = [];
    client.setNotificationHandler("notifications/resources/updated", ({ params }) => void heard.push(params.uri));
    client.setNotificationHandler("notifications/resources/list_changed", () => void heard.push("list"));
    if (kind === "v2") {
      const subscription = await client.listen({ resourceSubscriptions: uris, resourcesListChanged: list });
      return { heard, stop: () => subscription.close() };
    }
    for (const uri of uris) await client.subscribeResource({ uri });
    return {
      heard,
      stop: async () => {
        for (const uri of uris) await client.unsubscribeResource({ uri });
      },
    };
  };
  return hostOf(client, async (params, given) => client.callTool(params, given), watch);
}

function transports(url: string, as: string, { transport = "stdio", workspace, headers = {}, env = {} }: HostOptions) {
  if (transport === "http") {
    const endpoint = new URL(workspace === undefined ? "mcp" : `w/${workspace}/mcp`, url);
    const requestInit = { headers: { ...(as === "" ? {} : { "x-coord-agent": as }), ...headers } };
    return { v1: () => new HttpV1(endpoint, { requestInit }), v2: () => new HttpV2(endpoint, { requestInit }) };
  }
  const parameters = {
    command: process.execPath,
    args: [PROGRAM, "mcp", "--as", as, "--url", url, ...(workspace === undefined ? [] : ["--workspace", workspace])],
    env: cleanEnv({ COORD_DB: temporaryFolder(), ...env }) as Record<string, string>,
    stderr: "inherit" as const,
  };
  return { v1: () => new StdioV1(parameters), v2: () => new StdioV2(parameters) };
}

interface AnyClient {
  getInstructions(): string | undefined;
  listTools(): Promise<{ tools: { name: string; inputSchema: object; outputSchema?: object | undefined }[] }>;
  listResources(): Promise<{ resources: { uri: string; name: string }[] }>;
  listResourceTemplates(): Promise<{ resourceTemplates: { uriTemplate: string }[] }>;
  readResource(params: { uri: string }): Promise<{ contents: object[] }>;
  listPrompts(): Promise<{ prompts: Awaited<ReturnType<Host["listPrompts"]>> }>;
  getPrompt(params: { name: string; arguments?: Record<string, string> }): Promise<{ messages: { role: string; content: object }[] }>;
  complete(params: {
    ref: { type: "ref/prompt"; name: string } | { type: "ref/resource"; uri: string };
    argument: { name: string; value: string };
  }): Promise<{ completion: { values: string[] } }>;
  close(): Promise<void>;
}

type CallTool = (
  params: { name: string; arguments: Record<string, unknown> },
  options: CallOptions & { timeout: number },
) => Promise<Record<string, unknown>>;

function hostOf(client: AnyClient, callTool: CallTool, watch: Host["watch"]): Host {
  return {
    instructions: client.getInstructions() ?? "",
    listTools: async () => (await client.listTools()).tools,
    async call(name, args = {}, options = {}) {
      const { content, structuredContent, isError } = await callTool({ name, arguments: args }, { timeout: 60_000, ...options });
      const [block] = content as { type: string; text: string }[];
      if (block?.text !== JSON.stringify(structuredContent))
        throw new Error(`${name}: the text says ${block?.text}, the structure ${JSON.stringify(structuredContent)}`);
      return { isError: isError === true, answer: structuredContent as Answer["answer"] };
    },
    listResources: async () => (await client.listResources()).resources,
    listTemplates: async () => (await client.listResourceTemplates()).resourceTemplates,
    async read(uri) {
      const { contents } = await client.readResource({ uri });
      const [{ text, ...rest }] = contents as [{ uri: string; mimeType: string; text: string }];
      if (rest.uri !== uri || rest.mimeType !== "text/markdown") throw new Error(`${uri} was answered as ${JSON.stringify(rest)}`);
      return text;
    },
    listPrompts: async () => (await client.listPrompts()).prompts,
    async prompt(name, args) {
      const { messages } = await client.getPrompt({ name, ...(args ? { arguments: args } : {}) });
      const [{ content, role }] = messages as [{ role: string; content: { type: string; text: string } }];
      if (role !== "user" || content.type !== "text") throw new Error(`${name} is ${JSON.stringify(messages)}`);
      return content.text;
    },
    async complete(prompt, name, value) {
      const ref = prompt === null ? { type: "ref/resource" as const, uri: TEMPLATE } : { type: "ref/prompt" as const, name: prompt };
      return (await client.complete({ ref, argument: { name, value } })).completion.values;
    },
    watch,
    close: () => client.close(),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** One request to the server that passes no MCP. */
export async function rpc<M extends MethodName>(server: Pick<TestServer, "url">, method: M, params: ParamsIn<M>): Promise<Result<M>> {
  const response = await fetch(server.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result: Result<M>; error?: { message: string } };
  if (error) throw new Error(`${method}: ${error.message}`);
  return result;
}

/** How many waits the server holds. */
export async function waiters(server: Pick<TestServer, "url">): Promise<number> {
  return (await rpc(server, "workspace/info", {})).waiters;
}
