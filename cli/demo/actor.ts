import type { ChildProcess } from "node:child_process";
import { type Environment, type Finished, now, readJsonLines, run } from "./processes.ts";

/** A line from an actor's process to the director: something to be told, or what the whole part came to. */
export type Line = { at: number; say: string } | { at: number; facts: Record<string, unknown> };

/**
 * One agent of the release story, in a process of its own. It knows what an agent knows: its handle, its folder, the
 * `coord` program and git. It speaks by lines of JSON on stdout.
 */
export class Actor {
  readonly handle: string;
  readonly #program: readonly [string, string];
  readonly #environment: Environment;
  readonly #write: (line: string) => void;

  constructor(options: {
    handle: string;
    program: readonly [node: string, coord: string];
    environment: Environment;
    write: (line: string) => void;
  }) {
    this.handle = options.handle;
    this.#program = options.program;
    this.#environment = options.environment;
    this.#write = options.write;
  }

  say(text: string): void {
    this.#line({ at: now(), say: text });
  }

  finish(facts: Record<string, unknown>): void {
    this.#line({ at: now(), facts });
  }

  #line(line: Line): void {
    this.#write(`${JSON.stringify(line)}\n`);
  }

  /** Runs `coord …` as a person would type it, in the name of this agent, and reads its JSON. */
  async coord<T>(...args: string[]): Promise<{ value: T; ended: number }> {
    const words = [...args, "--as", this.handle];
    this.say(`$ coord ${words.map(shown).join(" ")}`);
    const [node, program] = this.#program;
    const { stdout, ended } = await run(node, [program, ...words, "--json"], {
      environment: this.#environment,
      must: true,
      limit_ms: 120_000,
    });
    return { value: JSON.parse(stdout) as T, ended };
  }

  async git(folder: string, ...args: string[]): Promise<string> {
    this.say(`$ git ${args.map(shown).join(" ")}`);
    return (await run("git", args, { cwd: folder, environment: this.#environment, must: true })).stdout.trim();
  }

  /** Runs the tests of a folder. */
  async test(folder: string): Promise<{ green: boolean; summary: string }> {
    this.say("$ node --test");
    const result = await run(this.#program[0], ["--test", "--test-reporter=tap"], { cwd: folder, environment: this.#environment });
    const outcome = readTap(result);
    this.say(outcome.summary);
    return outcome;
  }
}

/** Red or green by the program's exit code and its own count: a run that ran no test is neither a failure found nor a proof. */
function readTap({ exit, stdout }: Finished): { green: boolean; summary: string } {
  const count = (what: string) => Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(stdout)?.[1] ?? 0);
  const passed = count("pass");
  const failed = count("fail");
  const green = exit === 0 && passed > 0 && failed === 0;
  return {
    green,
    summary: green
      ? `green: ${passed} of ${passed} tests pass`
      : `red: ${failed} of ${passed + failed} tests fail${failed === 1 ? "s" : ""}`,
  };
}

/** A word of a shell command, with digests cut short: they are told, not typed. */
function shown(whole: string): string {
  const word = whole.replace(/[0-9a-f]{40,}/g, (digest) => `${digest.slice(0, 12)}…`);
  if (word !== whole && /^[\w…]+$/.test(word)) return word;
  if (/^[\w./:@%+,=-]+$/.test(word)) return word;
  return word.includes('"') || word.includes("$") ? `'${word}'` : `"${word}"`;
}

/**
 * The other end: what an actor's process says, as it says it. Resolves with its facts once it has ended well.
 * @throws Error with the end of its stderr, where it ended otherwise
 */
export function follow(child: ChildProcess, onSay: (at: number, text: string) => void): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    let facts: Record<string, unknown> | undefined;
    let stderr = "";
    child.stderr!.setEncoding("utf8").on("data", (chunk: string) => {
      stderr = (stderr + chunk).slice(-4000);
    });
    readJsonLines(child.stdout!, (value) => {
      const line = value as Line;
      if ("say" in line) onSay(line.at, line.say);
      else facts = line.facts;
    });
    child.once("error", reject);
    child.once("close", (exit, signal) => {
      if (exit === 0 && facts) resolve(facts);
      else reject(new Error(stderr.trim() || `a process of the story ended with ${signal ?? exit}`));
    });
  });
}
