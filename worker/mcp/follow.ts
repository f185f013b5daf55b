import type { ServerEvent, ServerEventBus } from "@modelcontextprotocol/server";
import { Changes } from "../../mcp/changes.ts";
import { systemClock } from "../../mcp/clock.ts";
import { type Interest, typesFor } from "../../mcp/resources/uris.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { ObjectBoard } from "./board.ts";

/** After some events, how long others may come before the log is asked again: a busy board makes no storm of requests. In milliseconds. */
const PAUSE_MS = 250;

/** What a request to listen wants to hear of (MCP 2026-07-28, `subscriptions/listen`). */
export function interestOf(params: Readonly<Record<string, unknown>>): Interest {
  const { resourceSubscriptions, resourcesListChanged } = (params.notifications ?? {}) as Record<string, unknown>;
  const uris = Array.isArray(resourceSubscriptions) ? resourceSubscriptions.filter((uri) => typeof uri === "string") : [];
  return { uris: [...new Set(uris)], list: resourcesListChanged === true };
}

/**
 * The source of one listening request's notifications: it follows the object's log by held requests of its own, because in workerd no
 * request may write to another's stream.
 */
export class LogBus implements ServerEventBus {
  readonly #board: ObjectBoard;
  readonly #interest: Interest;
  readonly #after: number;
  readonly #keepAlive: (work: Promise<void>) => void;
  readonly #over: (failure?: unknown) => void;

  /**
   * @param after the cursor from which on nothing is missed
   * @param keepAlive given what runs while somebody listens
   * @param over told when the log can be followed no longer: the server stops, or there was a bug
   */
  constructor(
    board: ObjectBoard,
    interest: Interest,
    after: number,
    { keepAlive, over }: { keepAlive: (work: Promise<void>) => void; over: (failure?: unknown) => void },
  ) {
    this.#board = board;
    this.#interest = interest;
    this.#after = after;
    this.#keepAlive = keepAlive;
    this.#over = over;
  }

  /** Nobody in this server publishes: the log does. */
  publish(): void {}

  subscribe(listener: (event: ServerEvent) => void): () => void {
    const stopped = new AbortController();
    const changes = new Changes(systemClock, () => this.#interest, {
      updated: (uri) => listener({ kind: "resource_updated", uri }),
      listChanged: () => listener({ kind: "resources_list_changed" }),
    });
    this.#keepAlive(
      this.#follow(changes, stopped.signal)
        .then(() => this.#over(), this.#over)
        .finally(() => changes.stop()),
    );
    return () => stopped.abort();
  }

  async #follow(changes: Changes, stopped: AbortSignal): Promise<void> {
    const type = typesFor(this.#interest);
    for (let after = this.#after; !stopped.aborted && !this.#board.ended.aborted; ) {
      const question = { after, wait_ms: LIMITS.wait_ms.value, ...(type ? { filter: { type } } : {}) };
      const { events, cursor } = await this.#board.read("events/list", question, { signal: stopped });
      after = cursor;
      changes.saw(events);
      if (events.length > 0) await new Promise<void>((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
