import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Event, Task } from "../../protocol/index.ts";
import { isRunning, type ServerOptions, startServer, type TestServer, until } from "../../tests/harness/server.ts";
import type { Database } from "../checker/tables.ts";
import { databasesOf, readDatabase } from "../history/database.ts";

/** How often the end of a run is looked at again because a lease lapsed meanwhile; leases here are few and short. */
const MOST_LAPSES = 10;

/** A `coord serve` on one folder and one port that is brought back whenever it ends. */
export class Served {
  readonly folder: string;
  #server: TestServer;
  #starting: Promise<void> | undefined;
  /** Times that it was started again. */
  restarts = 0;
  /** What its servers logged, each when it ended. */
  readonly logs: string[] = [];
  readonly #options: Pick<ServerOptions, "env" | "program">;

  private constructor(folder: string, server: TestServer, options: Pick<ServerOptions, "env" | "program">) {
    this.folder = folder;
    this.#server = server;
    this.#options = options;
  }

  static async start(folder: string, options: Pick<ServerOptions, "env" | "program"> = {}): Promise<Served> {
    return new Served(folder, await startServer({ ...options, db: folder }), options);
  }

  get url(): string {
    return this.#server.url;
  }

  /** `coord serve` as it runs now. */
  get pid(): number {
    return this.#server.pid;
  }

  /** `kill -9` of `coord serve`; its watcher takes workerd along. */
  async kill(): Promise<void> {
    this.#server.child.kill("SIGKILL");
    await this.#server.exited;
  }

  /** workerd as it runs now, by the lock; undefined while none does. */
  get workerdPid(): number | undefined {
    try {
      const { workerdPid } = JSON.parse(readFileSync(join(this.folder, "coord.lock"), "utf8")) as { workerdPid?: number };
      return workerdPid !== undefined && isRunning(workerdPid) ? workerdPid : undefined;
    } catch {
      return undefined; // being replaced, or between two servers
    }
  }

  /** Starts it again on its port where it ended: killed, or given up after too many ends of workerd. */
  async revive(): Promise<void> {
    if (isRunning(this.#server.pid) && this.#server.child.exitCode === null) return;
    this.#starting ??= this.#again();
    await this.#starting;
    this.#starting = undefined;
  }

  async #again(): Promise<void> {
    const { port, exited } = this.#server;
    await exited;
    this.logs.push(this.#server.stderr());
    for (let tries = 0; ; tries += 1) {
      try {
        this.#server = await startServer({ ...this.#options, db: this.folder, addr: `127.0.0.1:${port}` });
        this.restarts += 1;
        return;
      } catch (error) {
        // the port or the folder is let go a moment after its process was killed
        if (tries === 20) throw error;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
  }

  async answers(): Promise<void> {
    await until(
      "the server answers",
      async () => {
        await this.revive();
        return fetch(new URL("readyz", this.url), { signal: AbortSignal.timeout(2_000) }).then(
          (reply) => reply.ok,
          () => false,
        );
      },
      30_000,
    );
  }

  async stop(): Promise<string> {
    await this.#server.stop();
    this.logs.push(this.#server.stderr());
    return [...new Set(this.logs)].join("\n");
  }

  /**
   * The log and the board as it shows them at the end, and the file that it leaves. A lease may lapse after it was asked and before it
   * ended: then it is started and asked again, until what it showed is what it left, or for good is not.
   */
  async finish(): Promise<{ log: Event[]; tasks: Task[]; database: Database; logged: string }> {
    for (let tries = 0; ; tries += 1) {
      await this.answers();
      const [log, tasks] = [await this.log(), await this.tasks()];
      const logged = await this.stop();
      const [path] = await databasesOf(this.folder);
      const database = await readDatabase(path!);
      if (database.events.length === log.length || tries === MOST_LAPSES) return { log, tasks, database, logged };
    }
  }

  async call<T>(method: string, params: object): Promise<T> {
    const reply = await fetch(this.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    const { result, error } = (await reply.json()) as { result: T; error?: { message: string } };
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  async log(): Promise<Event[]> {
    const events: Event[] = [];
    for (let after = 0; ; ) {
      const page = await this.call<{ events: Event[]; cursor: number }>("events/list", { after, limit: 500 });
      events.push(...page.events);
      if (page.events.length === 0) return events;
      after = page.cursor;
    }
  }

  async tasks(): Promise<Task[]> {
    const tasks: Task[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await this.call<{ tasks: Task[]; next: string | null }>("tasks/list", { page: true, limit: 500, cursor });
      tasks.push(...page.tasks);
      if (page.next === null) return tasks;
      cursor = page.next;
    }
  }
}
