import { chmodSync, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { PROGRAM } from "../../tests/harness/server.ts";
import { writeText } from "./files.ts";

/** What a host said to `coord mcp` to begin with. */
export interface Greeting {
  /** The MCP revision that it asked for: in its handshake, or since 2026-07-28 with each request. */
  readonly revision: string;
  /** Its own name and version. */
  readonly client: string;
  /** Methods that it called, each once, in order. */
  readonly methods: readonly string[];
}

const SCRIPT = `import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
const child = spawn(process.execPath, [PROGRAM, ...process.argv.slice(2)], { stdio: ["pipe", "inherit", "inherit"] });
process.stdin.on("data", (chunk) => {
  if (process.argv[2] === "mcp") appendFileSync(FILE, chunk);
  child.stdin.write(chunk);
});
process.stdin.on("end", () => child.stdin.end());
child.stdin.on("error", () => {});
child.on("exit", (code) => process.exit(code ?? 1));
`;

/** A \`coord\` to put before the other one on a PATH: the same, but that it writes down what is said to \`coord mcp\`. */
export class Tap {
  readonly #folder: string;
  readonly #file: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.#file = join(folder, "said.jsonl");
    const constants = `const PROGRAM = ${JSON.stringify(PROGRAM)};\nconst FILE = ${JSON.stringify(this.#file)};\n`;
    writeText(folder, "tap.mjs", constants + SCRIPT);
    writeText(folder, "coord", `#!/bin/sh\nexec "${process.execPath}" "${join(folder, "tap.mjs")}" "$@"\n`);
    chmodSync(join(folder, "coord"), 0o755);
  }

  before(path: string | undefined): string {
    return `${this.#folder}${delimiter}${path ?? ""}`;
  }

  greeting(): Greeting | undefined {
    if (!existsSync(this.#file)) return undefined;
    const messages = readFileSync(this.#file, "utf8").trim().split("\n").map(message);
    const first = messages[0]?.params;
    const meta = first?._meta ?? {};
    const { name = "unnamed", version = "" } = first?.clientInfo ?? meta["io.modelcontextprotocol/clientInfo"] ?? {};
    return {
      revision: first?.protocolVersion ?? meta["io.modelcontextprotocol/protocolVersion"] ?? "unknown",
      client: `${name} ${version}`.trim(),
      methods: [...new Set(messages.flatMap(({ method }) => method ?? []))],
    };
  }
}

interface Message {
  readonly method?: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a host writes, of either era
  readonly params?: any;
}

function message(line: string): Message {
  return JSON.parse(line) as Message;
}
