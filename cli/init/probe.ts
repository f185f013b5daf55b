import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { VERSION } from "../version.ts";
import type { Start } from "./hosts/host.ts";

/** How long a server may take until it has told its tools, in milliseconds. Hosts give theirs 30 s. */
const PATIENCE_MS = 20_000;
/** How much of what a failing command prints is told, in characters. */
const SAID_CHARS = 300;

export interface Probed {
  readonly name: string;
  readonly version: string;
  readonly tools: readonly string[];
  readonly ms: number;
}

/** Where a command is started, and with which variables. */
export interface ProbeSurroundings {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Starts what an entry says, as its host would: the handshake of MCP, then the list of tools; then ends it. Over stdio the command runs in
 * the project's folder; an address is asked over HTTP. Rejects with an error that says what the command printed.
 */
export async function probe(start: Start, around: ProbeSurroundings): Promise<Probed> {
  const env = Object.fromEntries(Object.entries(around.env).filter((one): one is [string, string] => one[1] !== undefined));
  const fill = (text: string): string => expand(text, env, around.folder);
  const all = (record: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, fill(value)]));
  const began = performance.now();
  let said = "";
  let transport: StdioClientTransport | StreamableHTTPClientTransport;
  if (start.command) {
    const [command = "", ...args] = start.command.map(fill);
    // That its tools are looked at is no reason to start a server.
    const stdio = new StdioClientTransport({
      command,
      args,
      env: { ...env, COORD_AUTOSTART: "0", ...all(start.env) },
      cwd: around.folder,
      stderr: "pipe",
    });
    stdio.stderr?.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-SAID_CHARS);
    });
    transport = stdio;
  } else if (start.url !== undefined)
    transport = new StreamableHTTPClientTransport(new URL(fill(start.url)), { requestInit: { headers: all(start.headers) } });
  else throw new Error("it names neither a command nor an address");

  const client = new Client({ name: "coord-doctor", version: VERSION });
  try {
    await client.connect(transport, { timeout: PATIENCE_MS });
    const { tools } = await client.listTools(undefined, { timeout: PATIENCE_MS });
    const server = client.getServerVersion();
    return {
      name: server?.name ?? "?",
      version: server?.version ?? "?",
      tools: tools.map((tool) => tool.name),
      ms: performance.now() - began,
    };
  } catch (error) {
    throw new Error(whyNot(error as NodeJS.ErrnoException, start, said), { cause: error });
  } finally {
    await client.close().catch(() => {
      // It ended before us, which the error above says, or does not want to: its input is closed.
    });
  }
}

function whyNot(error: NodeJS.ErrnoException, { command, url }: Start, said: string): string {
  if (url !== undefined && !command) return `${url} does not answer: ${error.message}`;
  const printed = said.trim().split("\n").at(-1);
  if (error.code === "ENOENT") return `${command![0]} is not found`;
  return `${command!.join(" ")} does not answer: ${printed || error.message}`;
}

/** Variables as hosts write them: `${NAME}`, `${NAME:-otherwise}`, `${env:NAME}`, `${workspaceFolder}`. */
export function expand(text: string, env: Readonly<Record<string, string>>, folder: string): string {
  return text.replace(/\$\{(env:)?(\w+)(?::-([^}]*))?\}/g, (whole, _env, name: string, otherwise?: string) => {
    if (name === "workspaceFolder") return folder;
    return env[name] ?? otherwise ?? whole;
  });
}
