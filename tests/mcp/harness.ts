import { Client as ClientV2 } from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { MethodName, ParamsIn, Result } from "../../protocol/index.ts";
import { cleanEnv, PROGRAM, type TestServer } from "../harness/server.ts";

/** The clients that stand for hosts: v2's in either era, and v1's for every older one. */
export const CLIENTS = ["v2", "v2 legacy", "v1"] as const;
export type ClientKind = (typeof CLIENTS)[number];

export interface Answer {
  readonly isError: boolean;
  /** `structuredContent`; the text block says the same, which every call checks. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects out of JSON
  readonly answer: Record<string, any>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: { progress: number; total?: number | undefined; message?: string | undefined }) => void;
}

/** One host with `coord mcp` as its child, speaking through a real MCP client. */
export interface Host extends AsyncDisposable {
  readonly pid: number;
  readonly instructions: string;
  listTools(): Promise<{ name: string; inputSchema: object; outputSchema?: object | undefined }[]>;
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<Answer>;
  close(): Promise<void>;
}

export interface HostOptions {
  readonly as?: string;
  readonly client?: ClientKind;
  /** The host's `clientInfo.name`. */
  readonly name?: string;
  readonly env?: Record<string, string | undefined>;
}

/** Connects a host to `coord mcp` on this server. */
export async function connect(
  url: string,
  { as = "heron", client: kind = "v2", name = "claude-code", env = {} }: HostOptions = {},
): Promise<Host> {
  const parameters = {
    command: process.execPath,
    args: [PROGRAM, "mcp", "--as", as, "--url", url],
    env: cleanEnv(env) as Record<string, string>,
    stderr: "inherit" as const,
  };
  const identity = { name, version: "1.0.0" };
  if (kind === "v1") {
    const transport = new StdioV1(parameters);
    const client = new ClientV1(identity);
    await client.connect(transport);
    return hostOf(client, transport.pid!, async (params, options) => client.callTool(params, undefined, options));
  }
  const transport = new StdioV2(parameters);
  const client = new ClientV2(identity, { versionNegotiation: { mode: kind === "v2" ? "auto" : "legacy" } });
  await client.connect(transport);
  return hostOf(client, transport.pid!, async (params, options) => client.callTool(params, options));
}

interface AnyClient {
  getInstructions(): string | undefined;
  listTools(): Promise<{ tools: { name: string; inputSchema: object; outputSchema?: object | undefined }[] }>;
  close(): Promise<void>;
}

type CallTool = (
  params: { name: string; arguments: Record<string, unknown> },
  options: CallOptions & { timeout: number },
) => Promise<Record<string, unknown>>;

function hostOf(client: AnyClient, pid: number, callTool: CallTool): Host {
  return {
    pid,
    instructions: client.getInstructions() ?? "",
    listTools: async () => (await client.listTools()).tools,
    async call(name, args = {}, options = {}) {
      const { content, structuredContent, isError } = await callTool({ name, arguments: args }, { timeout: 60_000, ...options });
      const [block] = content as { type: string; text: string }[];
      if (block?.text !== JSON.stringify(structuredContent))
        throw new Error(`${name}: the text says ${block?.text}, the structure ${JSON.stringify(structuredContent)}`);
      return { isError: isError === true, answer: structuredContent as Answer["answer"] };
    },
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
