import type { Session, Target } from "../../client/types.ts";
import { Interrupted } from "../../errors.ts";

const EXIT_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

interface Limits {
  /** Gives up with exit 7 where the session is not open within this many milliseconds; absent: after a few tries. */
  readonly withinMs?: number;
}

/**
 * Works over a session and closes it, come what may. An interrupt gives the work's signal, so that the server is told before the
 * program ends: a place in a line or a wait is given up in that moment, and not when somebody notices.
 */
export async function withSession<T>(
  target: Target,
  work: (session: Session, signal: AbortSignal) => Promise<T>,
  { withinMs }: Limits = {},
): Promise<T> {
  const { openSession } = await import("../../client/session.ts");
  const session = await openSession(target, withinMs === undefined ? {} : { openMs: withinMs });
  const interrupted = new AbortController();
  const stop = (name: NodeJS.Signals) => interrupted.abort(new Interrupted(EXIT_BY_SIGNAL[name as keyof typeof EXIT_BY_SIGNAL]));
  const names = Object.keys(EXIT_BY_SIGNAL) as (keyof typeof EXIT_BY_SIGNAL)[];
  for (const name of names) process.on(name, stop);
  try {
    return await work(session, interrupted.signal);
  } finally {
    await session.close();
    for (const name of names) process.off(name, stop);
  }
}
