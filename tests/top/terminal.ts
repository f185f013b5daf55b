import pty from "@lydell/node-pty";
import xterm from "@xterm/headless";
import { cleanEnv, PROGRAM, until } from "../harness/server.ts";

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Record<string, string | undefined>;
}

/** The program on a pseudo-terminal, and what a terminal makes of its output. */
export class Terminal implements AsyncDisposable {
  readonly exited: Promise<number>;
  readonly #process: pty.IPty;
  readonly #screen: xterm.Terminal;
  #raw = "";
  #isOver = false;

  constructor(args: readonly string[], { columns = 100, rows = 30, env = {} }: TerminalOptions = {}) {
    const given = Object.entries(cleanEnv({ TERM: "xterm-256color", ...env })).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    this.#screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    this.#process = pty.spawn(process.execPath, [PROGRAM, ...args], {
      cols: columns,
      rows,
      name: "xterm-256color",
      env: Object.fromEntries(given),
    });
    this.#process.onData((data) => {
      this.#raw += data;
      this.#screen.write(data);
    });
    this.exited = new Promise((done) => {
      this.#process.onExit(({ exitCode }) => {
        this.#isOver = true;
        done(exitCode);
      });
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Every byte that it wrote. */
  get raw(): string {
    return this.#raw;
  }

  /** Whether the program draws on the terminal's other screen. */
  get isOnOtherScreen(): boolean {
    return this.#screen.buffer.active.type === "alternate";
  }

  /** The screen's lines as one reads them. */
  text(): string {
    const { active } = this.#screen.buffer;
    return Array.from(
      { length: this.#screen.rows },
      (_, index) => active.getLine(active.viewportY + index)?.translateToString(true) ?? "",
    ).join("\n");
  }

  press(keys: string): void {
    this.#process.write(keys);
  }

  resize(columns: number, rows: number): void {
    this.#screen.resize(columns, rows);
    this.#process.resize(columns, rows);
  }

  signal(name: string): void {
    this.#process.kill(name);
  }

  /** Waits until the screen shows it, or something that matches it. */
  async shows(what: string | RegExp): Promise<void> {
    await this.#until(`the screen shows ${what}`, () => (typeof what === "string" ? this.text().includes(what) : what.test(this.text())));
  }

  async lacks(what: string): Promise<void> {
    await this.#until(`the screen no longer shows ${what}`, () => !this.text().includes(what));
  }

  async #until(what: string, condition: () => boolean): Promise<void> {
    try {
      await until(what, condition, 15_000);
    } catch (cause) {
      throw new Error(`${(cause as Error).message}; it shows\n${this.text()}`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) this.#process.kill("SIGKILL");
    await this.exited;
    this.#screen.dispose();
  }
}
