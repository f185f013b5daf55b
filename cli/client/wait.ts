import type { ParamsIn, Result } from "../../protocol/index.ts";
import { EXIT } from "../../protocol/refusals.ts";
import { CliError } from "../errors.ts";
import { ConnectionLost } from "./failures.ts";
import type { Session } from "./types.ts";

export interface WaitRequest {
  readonly filter?: NonNullable<ParamsIn<"tasks/wait">["filter"]>;
  /** Only what changed after this seq counts. Without it, a match that exists now answers at once. */
  readonly after?: number;
  /** With `filter.ids`: wait until every one of them is in the wanted state. */
  readonly all?: boolean;
  /** Give up after this many milliseconds; absent: never. */
  readonly timeoutMs?: number;
  readonly agentId?: string;
  readonly signal?: AbortSignal;
}

export type WaitOutcome = Result<"tasks/wait">;

/** The longest that a timer can run; a longer timeout is none. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** The server keeps the time; the client's own clock only steps in when its answer does not come. */
const GRACE_MS = 1_000;

/**
 * Waits until a task matches, exactly, across any number of broken connections and restarts of the server.
 *
 * With `after` every try asks the same question, and the log answers it: what matched since then, first match first.
 *
 * Without `after` the question is "a match now, or the next one". Asked anew after a break, it would miss a match that came while
 * nobody listened and has moved on since. So the log's head is taken first (`workspace/info`, sent ahead of the wait on the same
 * connection, hence not later than the wait's own look at the board). After a break the wait first asks what matched since that
 * head, without waiting; that look's cursor becomes the new head, and only then does it ask again for a match now or later:
 *
 *     head ── look at the board ── live ──✕ break ── since head? ── look at the board ── live …
 *
 * Nothing falls between: up to the second look everything since the head was searched, and from it on the wait stands again.
 * Where the connection breaks before the head is known, the wait had not begun yet, and begins with the next connection.
 *
 * @throws CliError: refusals; exit 6 where `after` belongs to another log. Rejects with the signal's reason when it fires.
 */
export async function waitFor(session: Session, request: WaitRequest): Promise<WaitOutcome> {
  const endsAt =
    request.timeoutMs === undefined || request.timeoutMs > LONGEST_TIMER_MS ? undefined : performance.now() + request.timeoutMs;
  const ending = new AbortController();
  const timedOut = new CliError("the wait timed out");
  const timer = endsAt === undefined ? undefined : setTimeout(() => ending.abort(timedOut), endsAt - performance.now() + GRACE_MS);
  const interrupt = () => ending.abort(request.signal?.reason);
  request.signal?.addEventListener("abort", interrupt, { once: true });
  if (request.signal?.aborted) interrupt();
  const standing = new StandingWait(session, request, endsAt, ending.signal);
  try {
    return await standing.outcome();
  } catch (error) {
    if (error !== timedOut) throw error;
    if (standing.searched === undefined)
      throw new CliError("the wait never reached the server", { exit: EXIT.unreachable, next: "coord status" });
    return { task: null, cursor: standing.searched, timed_out: true };
  } finally {
    clearTimeout(timer);
    request.signal?.removeEventListener("abort", interrupt);
  }
}

class StandingWait {
  readonly #session: Session;
  readonly #request: WaitRequest;
  readonly #endsAt: number | undefined;
  readonly #signal: AbortSignal;
  #searched: number | undefined;

  constructor(session: Session, request: WaitRequest, endsAt: number | undefined, signal: AbortSignal) {
    this.#session = session;
    this.#request = request;
    this.#endsAt = endsAt;
    this.#signal = signal;
    this.#searched = request.after;
  }

  /** Everything up to this seq has been searched: where a following wait may continue. Undefined before the server was reached. */
  get searched(): number | undefined {
    return this.#searched;
  }

  async outcome(): Promise<WaitOutcome> {
    for (;;) {
      try {
        return await (this.#request.after !== undefined ? this.#ask(this.#request.after, this.#remainingMs()) : this.#nowOrLater());
      } catch (error) {
        if (!(error instanceof ConnectionLost) || this.#session.state === "closed") throw error;
        // No pause: the next call waits for a connection, and the session paces those.
      }
    }
  }

  async #nowOrLater(): Promise<WaitOutcome> {
    if (this.#searched === undefined) {
      const heading = this.#session.call("workspace/info", {}, { signal: this.#signal, onBreak: "reject" });
      const headed = heading.then(({ head }) => {
        this.#searched = head;
      });
      headed.catch(() => {}); // broken or refused: the wait beside it tells, and without a head it begins anew
      return this.#ask(undefined, this.#remainingMs());
    }
    const missed = await this.#sinceSearched(this.#searched);
    return missed ?? this.#ask(undefined, this.#remainingMs());
  }

  /** The first match since the last look, which is over and done with by now; else undefined, and everything until now is searched. */
  async #sinceSearched(after: number): Promise<WaitOutcome | undefined> {
    try {
      const answer = await this.#ask(after, 0);
      if (!answer.timed_out) return answer;
      this.#searched = answer.cursor;
    } catch (error) {
      // The server came back with another log, or one that no longer goes back that far: begin anew with what is there.
      if (!(error instanceof CliError) || error.exit !== 6) throw error;
      this.#searched = undefined;
      return this.#nowOrLater();
    }
    return undefined;
  }

  async #ask(after: number | undefined, timeoutMs: number | undefined): Promise<WaitOutcome> {
    const { filter, all, agentId } = this.#request;
    const params: ParamsIn<"tasks/wait"> = {
      ...(filter ? { filter } : {}),
      ...(after === undefined ? {} : { after }),
      ...(all ? { all } : {}),
      ...(agentId ? { agent_id: agentId } : {}),
      ...(timeoutMs === undefined ? {} : { timeout_ms: timeoutMs }),
    };
    const answer = await this.#session.call("tasks/wait", params, { signal: this.#signal, onBreak: "reject" });
    if (answer.timed_out && timeoutMs !== 0) this.#searched = answer.cursor;
    return answer;
  }

  #remainingMs(): number | undefined {
    return this.#endsAt === undefined ? undefined : Math.max(0, Math.round(this.#endsAt - performance.now()));
  }
}
