import type { Event } from "../protocol/index.ts";
import type { Clock } from "./clock.ts";
import { concerns, type Interest, LIST_EVENTS } from "./resources/uris.ts";

/** What changes within this time is told together. */
const GATHER_MS = 100;
/** A resource is told of at most this often, however busy the board is. */
const APART_MS = 1_000;
/** As {@link APART_MS} for the list of resources: hosts read all of it again. */
const LIST_APART_MS = 3_000;

export interface Told {
  updated(uri: string): void;
  listChanged(): void;
}

/**
 * Turns the log into notifications that say no more than needed: each address once for all that happened to it in a while, and only
 * those that somebody asked for. Nothing is lost by that: a notification says to read again, not what changed.
 */
export class Changes {
  readonly #interest: () => Interest;
  readonly #pending = new Set<string>();
  readonly #updates: Seldom;
  readonly #lists: Seldom;

  constructor(clock: Clock, interest: () => Interest, told: Told) {
    this.#interest = interest;
    this.#updates = new Seldom(clock, APART_MS, () => {
      const uris = [...this.#pending];
      this.#pending.clear();
      for (const uri of uris) told.updated(uri);
    });
    this.#lists = new Seldom(clock, LIST_APART_MS, () => told.listChanged());
  }

  saw(events: readonly Event[]): void {
    const { uris, list } = this.#interest();
    for (const uri of uris) if (events.some((event) => concerns(uri, event))) this.#pending.add(uri);
    if (this.#pending.size > 0) this.#updates.soon();
    if (list && events.some(({ type }) => (LIST_EVENTS as readonly string[]).includes(type))) this.#lists.soon();
  }

  /** The list that was answered is not the whole one. */
  relist(): void {
    if (this.#interest().list) this.#lists.soon();
  }

  stop(): void {
    this.#updates.stop();
    this.#lists.stop();
  }
}

/** Runs something soon after it is asked to, and never twice within `apart` milliseconds. */
class Seldom {
  readonly #clock: Clock;
  readonly #apart: number;
  readonly #run: () => void;
  #last = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, apart: number, run: () => void) {
    this.#clock = clock;
    this.#apart = apart;
    this.#run = run;
  }

  soon(): void {
    if (this.#cancel) return;
    const now = this.#clock.now();
    this.#cancel = this.#clock.after(Math.max(GATHER_MS, this.#last + this.#apart - now), () => {
      this.#cancel = undefined;
      this.#last = this.#clock.now();
      this.#run();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
