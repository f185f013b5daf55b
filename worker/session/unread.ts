import { LIMITS } from "../../protocol/index.ts";

/** What outlives a sleep; in the socket's attachment. */
export interface StoredUnread {
  readonly sent: number;
  /** At least as many as were sent until the next time that this is stored. */
  readonly chars: number;
}

/** Frames are counted together up to this many characters, so that the count of a stuck reader is short. */
const LUMP_CHARS = 64 * 1024;

/** What is stored runs ahead by this many characters, so that it need not be stored for each frame and is never too low. */
const AHEAD_CHARS = 16 * 1024;

/**
 * What a session was sent and its client has not said it read. The runtime keeps every frame that a client does not take, in memory, and
 * tells nobody how much that is; so clients tell how many frames they have read (`session/ack`), and one that lets too much lie is cut
 * off. It loses nothing: it comes back with its cursors and asks again.
 */
export class Unread {
  /** Frames sent on this socket, the answers to `ping` not among them. */
  #sent: number;
  #chars: number;
  #stored: number;
  /** Oldest first: how many had been sent when a lump was full, and its size. */
  readonly #lumps: { upTo: number; chars: number }[];

  constructor(stored: StoredUnread | undefined) {
    this.#sent = stored?.sent ?? 0;
    this.#chars = stored?.chars ?? 0;
    this.#stored = this.#chars;
    this.#lumps = stored ? [{ upTo: stored.sent, chars: stored.chars }] : [];
  }

  get isTooMuch(): boolean {
    return this.#chars > LIMITS.unread_chars.value;
  }

  /** @returns whether the count must be stored now */
  sent(chars: number): boolean {
    this.#sent += 1;
    this.#chars += chars;
    const last = this.#lumps.at(-1);
    if (last && last.chars + chars <= LUMP_CHARS) {
      last.upTo = this.#sent;
      last.chars += chars;
    } else this.#lumps.push({ upTo: this.#sent, chars });
    return this.#chars > this.#stored;
  }

  /** @param frames how many the client has read since the socket was opened */
  read(frames: number): void {
    // what was sent after it was stored last, and before a sleep, is not known
    this.#sent = Math.max(this.#sent, frames);
    while (this.#lumps.length > 0 && this.#lumps[0]!.upTo <= frames) this.#chars -= this.#lumps.shift()!.chars;
  }

  /** What to store now. */
  store(): StoredUnread {
    this.#stored = this.#chars === 0 ? 0 : this.#chars + AHEAD_CHARS;
    return { sent: this.#sent, chars: this.#stored };
  }
}
