import { expect } from "vitest";
import { type Finished, runCoord, type TestServer, temporaryFolder, until } from "../harness/server.ts";

interface RunOptions {
  readonly input?: string;
  readonly env?: Record<string, string | undefined>;
}

/** A board of its own: what one test posts, no other sees; and a machine of its own, whose person no other test is. */
export class CommandBoard {
  readonly folder = temporaryFolder();
  readonly #env: Record<string, string>;

  constructor(server: Pick<TestServer, "url">, workspace: string) {
    this.#env = { COORD_URL: server.url, COORD_WORKSPACE: workspace, COORD_DB: this.folder };
  }

  run(args: readonly string[], { input, env }: RunOptions = {}): Promise<Finished> {
    return runCoord(args, { cwd: this.folder, ...(input === undefined ? {} : { input }), env: { ...this.#env, ...env } });
  }

  /** The one JSON value on stdout, which holds nothing else; stderr is empty. */
  async json<T = Record<string, unknown>>(...args: string[]): Promise<T> {
    const { stdout, stderr, code } = await this.run([...args, "--json"]);
    expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: "" });
    expect(stdout.endsWith("\n") && stdout.indexOf("\n") === stdout.length - 1, stdout).toBe(true);
    return JSON.parse(stdout) as T;
  }

  /** What a command says that is meant to succeed: lines of at most 80 columns, nothing that a terminal obeys. */
  async says(...args: string[]): Promise<string> {
    const { stdout, stderr, code } = await this.run(args);
    expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: "" });
    for (const line of stdout.split("\n")) {
      expect(line.length, line).toBeLessThanOrEqual(80);
      expect(line).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
    }
    return stdout;
  }

  /** Until so many stand and wait on the board. */
  async waiting(count: number): Promise<void> {
    await until(`${count} wait`, async () => (await this.json("info")).waiters === count);
  }
}

export interface Task {
  id: string;
  number: number;
  name: string;
  state: string;
  attempt: number;
  claimed_by: string | null;
  depends_on: string[];
  held: { reason: string; blockers: string[] } | null;
  claim?: { claim_id: string; attempt: number; feedback?: { attempt: number; reviewer: string; body: string }[] };
}
