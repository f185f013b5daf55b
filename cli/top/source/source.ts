import type { Event } from "../../../protocol/events.ts";
import type { Session, Subscription } from "../../client/types.ts";
import type { CliError } from "../../errors.ts";
import { Board } from "../model/board.ts";
import { Details } from "./details.ts";
import { readBoard } from "./snapshot.ts";
import { Vitals } from "./vitals.ts";

/** `reading`: the first snapshot is on its way. `live`: the log is followed. `reconnecting`: the server is away; what is shown is what was last heard. */
export type Phase = "reading" | "live" | "reconnecting";

export interface SourceOptions {
  readonly now: () => number;
  /** Something to show has changed. Called often: draw later, not now. */
  readonly onChange: () => void;
  /** The session is over for good, or the server refuses to be read. */
  readonly onEnd: (error: unknown) => void;
}

/** Snapshots in a row that the log did not continue from, because the workspace was replaced again meanwhile. */
const MOST_RESTARTS = 5;

/**
 * Keeps a board as the server has it: one session, a snapshot, then the log from the snapshot's cursor on. A lost connection is the
 * session's affair: its subscription resumes at its cursor, and nothing between is missed. A log that no longer continues where this
 * screen stopped (another database, a trimmed log) is answered by a new snapshot.
 */
export class Source {
  readonly details: Details;
  readonly #session: Session;
  readonly #options: SourceOptions;
  readonly #vitals: Vitals;
  #board = new Board();
  #subscription: Subscription | undefined;
  #generation = 0;
  #restarts = 0;
  #isRead = false;
  #since: number;
  #heard = 0;

  constructor(session: Session, options: SourceOptions) {
    this.#session = session;
    this.#options = options;
    this.#since = options.now();
    this.#vitals = new Vitals(session, options.onChange);
    this.details = new Details(session, options.onChange);
    session.onState((state) => {
      this.#since = options.now();
      if (state === "open") this.#vitals.expire();
      options.onChange();
    });
  }

  get board(): Board {
    return this.#board;
  }

  get phase(): Phase {
    if (this.#session.state !== "open") return "reconnecting";
    return this.#isRead ? "live" : "reading";
  }

  /** When the phase began, in milliseconds since 1970. */
  get since(): number {
    return this.#since;
  }

  /** Events that came since the start: a paused screen counts what it does not show. */
  get heard(): number {
    return this.#heard;
  }

  /** Reads the board and follows the log. @throws CliError as the session does. */
  async start(): Promise<void> {
    await this.#read(this.#board, ++this.#generation);
  }

  /** Everything anew. What was shown stays until the new board is complete. */
  async resync(): Promise<void> {
    await this.#read(new Board(), ++this.#generation);
  }

  /** Once a second: looks up what the log does not tell. */
  tick(): void {
    if (!this.#isRead) return;
    this.#vitals.tick(this.#board, this.#options.now()).catch(() => {
      // Broken or refused: the header shows a lost connection, a session that ended ends the screen, and the next tick asks again.
    });
  }

  stop(): void {
    this.#generation++;
    this.details.stop();
  }

  async #read(board: Board, generation: number): Promise<void> {
    const isFirst = !this.#isRead;
    await readBoard(this.#session, board, isFirst ? this.#options.onChange : undefined);
    if (generation !== this.#generation) return;
    const onLost = (error: CliError) => this.#onLost(error, generation);
    const subscription = await this.#session.subscribe({ after: board.cursor, onLost }, (events) =>
      this.#onEvents(events, board, generation),
    );
    if (generation !== this.#generation) return subscription.stop();
    const before = this.#subscription;
    this.#subscription = subscription;
    this.#board = board;
    this.#isRead = true;
    this.#vitals.expire();
    this.#options.onChange();
    await before?.stop();
  }

  #onEvents(events: Event[], board: Board, generation: number): void {
    // A board that is being replaced is kept up to date until its successor is complete.
    if (generation !== this.#generation && board !== this.#board) return;
    this.#restarts = 0;
    this.#heard += events.length;
    board.apply(events);
    this.details.heard(events);
    this.#options.onChange();
  }

  #onLost(error: CliError, generation: number): void {
    if (generation !== this.#generation) return;
    const isOtherLog = error.data.code === "cursor_ahead" || error.data.code === "cursor_expired";
    if (!isOtherLog || ++this.#restarts > MOST_RESTARTS) {
      this.#options.onEnd(error);
      return;
    }
    this.resync().catch((failed: unknown) => {
      if (this.#generation === generation + 1) this.#options.onEnd(failed);
    });
  }
}
