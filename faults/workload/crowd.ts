import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Random } from "../random.ts";
import type { ClientOptions, How } from "./client.ts";

/** A client process, and the bridge under it where it has one. */
interface Member {
  readonly options: ClientOptions;
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
  bridge?: number;
}

export interface CrowdOptions {
  readonly url: string;
  readonly program: string;
  /** Where histories go. */
  readonly folder: string;
  readonly members: readonly { readonly how: How; readonly lanes: number; readonly waiters?: number }[];
}

/** The clients of a run: processes of their own, each with its history, so that each can be killed or stopped like a user's. */
export class Crowd {
  readonly #options: CrowdOptions;
  readonly #random: Random;
  readonly #members = new Map<number, Member>();
  readonly #files: { path: string; killed: boolean }[] = [];
  #born = 0;

  constructor(options: CrowdOptions, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  async start(): Promise<void> {
    await Promise.all(this.#options.members.map((_, place) => this.#spawn(place)));
  }

  /** Recordings so far; those of killed processes are marked. */
  get files(): readonly { path: string; killed: boolean }[] {
    return this.#files;
  }

  /** `kill -9` of one client; another takes its place under another name. */
  async killClient(): Promise<boolean> {
    const [place, member] = this.#any() ?? [];
    if (place === undefined || !member) return false;
    this.#members.delete(place);
    this.#files.find(({ path }) => path === member.options.file)!.killed = true;
    member.child.kill("SIGKILL");
    await member.exited;
    // it comes when it comes: the next disturbance does not wait for it
    void this.#spawn(place);
    return true;
  }

  /** `kill -9` of one MCP bridge; its host starts another. */
  killBridge(): boolean {
    const member = this.#bridged();
    const pid = member?.bridge;
    if (!member || pid === undefined) return false;
    delete member.bridge;
    return signal(pid, "SIGKILL");
  }

  /** SIGSTOP to one MCP bridge; returns what lets it go on. */
  stopBridge(): (() => void) | undefined {
    const pid = this.#bridged()?.bridge;
    if (pid === undefined || !signal(pid, "SIGSTOP")) return undefined;
    return () => void signal(pid, "SIGCONT");
  }

  /** SIGSTOP to one client; returns what lets it go on. */
  stopClient(): (() => void) | undefined {
    const [, member] = this.#any() ?? [];
    if (!member) return undefined;
    member.child.kill("SIGSTOP");
    return () => void member.child.kill("SIGCONT");
  }

  /** Everybody finishes what is under way. */
  async finish(): Promise<void> {
    for (const { child } of this.#members.values()) {
      child.kill("SIGCONT");
      child.stdin?.end();
    }
    await Promise.all([...this.#members.values()].map(({ exited }) => exited));
  }

  /** For a run that is broken off. */
  end(): void {
    for (const { child } of this.#members.values()) child.kill("SIGKILL");
  }

  #bridged(): Member | undefined {
    const all = [...this.#members.values()].filter((member) => member.bridge !== undefined);
    return all.length === 0 ? undefined : this.#random.pick(all);
  }

  #any(): [number, Member] | undefined {
    const all = [...this.#members.entries()];
    return all.length === 0 ? undefined : this.#random.pick(all);
  }

  #spawn(place: number): Promise<void> {
    const { url, program, folder, members } = this.#options;
    const { how, lanes, waiters = 0 } = members[place]!;
    this.#born += 1;
    const name = `${how}-${this.#born}`;
    const options: ClientOptions = {
      how,
      lanes,
      waiters,
      name,
      url,
      program,
      seed: this.#random.between(0, 2 ** 31),
      file: join(folder, `${name}.jsonl`),
    };
    const child = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "client.ts"), JSON.stringify(options)],
      {
        stdio: ["pipe", "pipe", "inherit"],
        env: { ...process.env, COORD_AUTOSTART: "0", NO_COLOR: "1" },
      },
    );
    child.stdin.on("error", () => {
      // it was killed: what it was about to be told does not matter
    });
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const member: Member = { options, child, exited };
    this.#members.set(place, member);
    // one that is killed before it has begun has asked for nothing
    writeFileSync(options.file, "");
    this.#files.push({ path: options.file, killed: false });
    return new Promise((resolve) => {
      void exited.then(resolve);
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (line === "ready") resolve();
        else if (line.startsWith("bridge ")) member.bridge = Number(line.slice("bridge ".length));
      });
    });
  }
}

/** @returns false where the process ended by itself meanwhile */
export function signal(pid: number, name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false; // it is gone
  }
}
