import type { Session } from "../client/types.ts";
import { type Act, perform } from "./actions.ts";
import type { Actor } from "./actor.ts";
import { scrollLength } from "./components/Frame.tsx";
import { Frames, realTimers, type Timers } from "./frames.ts";
import type { BoardView } from "./model/board.ts";
import type { ViewName } from "./model/view-names.ts";
import { Source } from "./source/source.ts";
import { type Effect, type Key, press } from "./ui/keys.ts";
import type { Size } from "./ui/layout.ts";
import { lookedAt, type Picture, picture, surroundings } from "./ui/picture.ts";
import { initialUi, type Notice, type Ui, type Writing, withDraft } from "./ui/state.ts";

export interface ScreenOptions {
  readonly url: string;
  readonly view?: ViewName;
  readonly filter?: string;
  readonly size: Size;
  /** Who acts; undefined where nothing says who that is. */
  readonly actor?: Actor | undefined;
  /** The time of day, in milliseconds since 1970. */
  readonly now: () => number;
  readonly timers?: Timers;
  /** The operator quits, or the session is over for good, with its error. */
  readonly onEnd: (error?: unknown) => void;
  /** Puts a text on the terminal's clipboard. */
  readonly copy: (text: string) => void;
}

const NOTICE_MS = 12_000;
const SECOND_MS = 1_000;

interface Pause {
  readonly board: BoardView;
  readonly at: number;
  readonly heard: number;
}

/**
 * The live screen without its terminal: takes keys and what the source hears, gives pictures, at most 20 a second. A picture is only
 * ever replaced by the next, so that whoever draws it sees one moment of the board.
 */
export class Screen {
  readonly source: Source;
  readonly frames: Frames;
  readonly #session: Session;
  readonly #options: ScreenOptions;
  readonly #listeners = new Set<() => void>();
  #ui: Ui;
  #size: Size;
  #pause: Pause | undefined;
  #picture: Picture;
  #second: { cancel(): void } | undefined;
  #isOver = false;

  constructor(session: Session, options: ScreenOptions) {
    this.#session = session;
    this.#options = options;
    this.#size = options.size;
    this.#ui = initialUi(options.view, options.filter);
    this.frames = new Frames(() => this.#draw(), options.timers ?? realTimers);
    this.source = new Source(session, { now: options.now, onChange: () => this.frames.request(), onEnd: (error) => this.end(error) });
    this.#picture = this.#compose();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The latest frame's picture. */
  readonly frame = (): Picture => this.#picture;

  /** Reads the board and goes on until `end`. */
  start(): void {
    this.source.start().catch((error: unknown) => this.end(error));
    this.#everySecond();
  }

  /** Ends for good; the first error counts. */
  end(error?: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#second?.cancel();
    this.frames.stop();
    this.source.stop();
    this.#options.onEnd(error);
  }

  resize(size: Size): void {
    this.#size = size;
    this.frames.request(true);
  }

  /** Keys as ink reports them: several letters at once where they were typed faster than they were read. */
  type(input: string, key: Key): void {
    if (input.length <= 1 || key.ctrl || key.meta) {
      this.#press(input, key);
      return;
    }
    for (const character of input) {
      if (character === "\n" && this.#ui.dialog?.kind === "write") this.#press("\n", {});
      else if (character === "\r" || character === "\n") this.#press("", { return: true });
      else if (character === "\x7f" || character === "\b") this.#press("", { backspace: true });
      else this.#press(character, {});
    }
  }

  /** A paste is text for a question that is open, and never keys. */
  paste(text: string): void {
    const kind = this.#ui.dialog?.kind;
    if (kind === "filter" || kind === "send" || kind === "write") this.#press(text, {});
  }

  #press(input: string, key: Key): void {
    // Keys act on the board as it is now, not on the last frame: two quick ones must not hit the same line.
    const now = this.#compose();
    const around = surroundings(now, scrollLength(now));
    const { ui, effect } = press(this.#ui, input, key, around);
    this.#ui = ui;
    if (effect) this.#carryOut(effect);
    this.frames.request(true);
  }

  #carryOut(effect: Effect): void {
    switch (effect.do) {
      case "quit":
        this.end();
        return;
      case "pause":
        this.#pause = effect.on ? { board: this.source.board.frozen(), at: this.#options.now(), heard: this.source.heard } : undefined;
        return;
      case "resync":
        this.#pause = undefined;
        this.#say("reading everything anew", "info");
        this.source.resync().then(
          () => this.#say("read anew", "good"),
          (error: Error) => this.#say(`resync: ${error.message}`, "bad"),
        );
        return;
      case "copy":
        this.#options.copy(effect.id);
        this.#say(`copied the id of #${effect.number}: ${effect.id}`, "good");
        return;
      case "say":
        this.#say(effect.text, effect.tone);
        return;
      case "write":
        void this.#perform(effect).then((isDone) => this.#written(effect.written, isDone));
        return;
      default:
        if (effect.do !== "send") this.#say(`${effect.do} #${effect.number}…`, "info");
        void this.#perform(effect);
    }
  }

  async #perform(act: Act): Promise<boolean> {
    const { text, tone } = await perform(act, this.#session, this.source, this.#options.actor);
    this.#say(text, tone);
    return tone === "good";
  }

  /** What the server has is forgotten here; what it refused stays open, or a draft, word for word. */
  #written(written: Writing, isDone: boolean): void {
    const { dialog } = this.#ui;
    const isOpen = dialog?.kind === "write" && dialog.isSending && dialog.id === written.id && dialog.what === written.what;
    const ui = isDone ? withDraft(this.#ui, written, "") : this.#ui;
    this.#ui = isOpen ? { ...ui, dialog: isDone ? null : { ...dialog, isSending: false } } : ui;
    this.frames.request(true);
  }

  #say(text: string, tone: Notice["tone"]): void {
    this.#ui = { ...this.#ui, notice: { text, tone, until: this.#options.now() + NOTICE_MS } };
    this.frames.request();
  }

  #everySecond(): void {
    this.#second = (this.#options.timers ?? realTimers).after(SECOND_MS, () => {
      const { notice } = this.#ui;
      if (notice && notice.until <= this.#options.now()) this.#ui = { ...this.#ui, notice: null };
      this.source.tick();
      this.frames.request();
      this.#everySecond();
    });
  }

  #draw(): void {
    if (this.#isOver) return;
    this.#picture = this.#compose();
    const id = lookedAt(this.#picture);
    this.source.details.want(id === null ? null : (this.#picture.board.rows.get(id) ?? { id, rev: 0 }));
    for (const listener of this.#listeners) listener();
  }

  #compose(): Picture {
    const { source } = this;
    const now = this.#options.now();
    const pause = this.#pause;
    const given = {
      ui: this.#ui,
      size: this.#size,
      now: pause?.at ?? now,
      phase: source.phase,
      phaseMs: now - source.since,
      url: this.#options.url,
      unshown: pause ? source.heard - pause.heard : 0,
      board: pause?.board ?? source.board.view(),
      detailOf: (id: string | null) => source.details.of(id),
      me: this.#options.actor?.handle ?? null,
    };
    return picture(given, this.#picture);
  }
}
