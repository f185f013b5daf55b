import { writeSync } from "node:fs";
import type { Result } from "../../protocol/index.ts";
import { ConnectionLost } from "../client/failures.ts";
import { openSession } from "../client/session.ts";
import type { Session } from "../client/types.ts";
import { CliError } from "../errors.ts";
import { debug, type Tab } from "./run.ts";
import { watchTab } from "./tab.ts";
import { wakeText } from "./text.ts";

/** Exit code by which a hook has its host wake the session with what is on standard error. */
const WAKE = 2;
const LOOK_AT_TAB_MS = 1_000;
/** Longer than any tab is left alone. */
const LONGEST_MS = 30 * 24 * 3600 * 1000;
const POST_MS = 10_000;
/** What listens at the server's address and opens no session within this time is none, or a server that hangs. */
const OPEN_MS = 10_000;

/** A waiter that is the tab's is pushed aside by one that began with it, and no more often than so. */
const MOST_REPLACED = 3;

type Inbox = Result<"agents/inbox">;

/**
 * Stays beside an idle tab until something concerns its agent, and then wakes it: by exit code 2 with the words on standard error (and
 * on standard output for opencode's plugin), or, with `post`, by opencode's HTTP API, again and again. It waits over one session, on
 * the server; a restart of the server loses nothing, since the next connection asks from the same cursor.
 *
 * It ends when the tab is gone, when another waiter takes its place, and, where no server runs, at once: the next turn's end tries again.
 * @returns the exit code
 */
export async function waitForWake(tab: Tab, post: string | undefined, env: NodeJS.ProcessEnv): Promise<number> {
  const isWaiter = tab.state.becomeWaiter();
  const isGone = watchTab();
  const session = await openSession(tab.target, { autostart: false, openMs: OPEN_MS });
  const ending = new AbortController();
  const end = () => ending.abort();
  const watching = setInterval(() => {
    if (isGone() || !isWaiter()) end();
  }, LOOK_AT_TAB_MS);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, end);
  try {
    for (;;) {
      const inbox = await nextFor(tab, session, isWaiter, ending.signal);
      if (!inbox || !isWaiter()) return 0;
      const text = wakeText(inbox.items, tab.handle);
      if (post !== undefined) {
        await postTo(post, tab.session, text, env);
      } else {
        writeSync(tab.host.name === "opencode" ? 1 : 2, `${text}\n`);
      }
      tab.state.cursor = inbox.cursor;
      if (post === undefined) return WAKE;
    }
  } catch (error) {
    if (!ending.signal.aborted) debug(error);
    return post !== undefined && !ending.signal.aborted ? 1 : 0;
  } finally {
    clearInterval(watching);
    for (const signal of signals) process.off(signal, end);
    await session.close();
  }
}

/**
 * What comes next; undefined where another waiter has taken over. What came together is told together. Of two that start at once the
 * later one by the tab's file may be the earlier one to the server: it asks again, or each would leave the tab to the other.
 */
async function nextFor(tab: Tab, session: Session, isWaiter: () => boolean, signal: AbortSignal): Promise<Inbox | undefined> {
  for (let replaced = 0; ; ) {
    const first = await ask(tab, session, signal, tab.state.cursor, LONGEST_MS);
    if (first.replaced) {
      replaced += 1;
      if (replaced > MOST_REPLACED || !isWaiter()) return undefined;
      continue;
    }
    if (first.items.length === 0) {
      tab.state.cursor = first.cursor;
      continue;
    }
    const more = await ask(tab, session, signal, first.cursor, 0);
    return { ...more, items: [...first.items, ...more.items] };
  }
}

async function ask(tab: Tab, session: Session, signal: AbortSignal, after: number | undefined, waitMs: number): Promise<Inbox> {
  const { handle: id, filter, wake } = tab;
  for (let from = after; ; ) {
    try {
      const params = { id, wake, ...(filter ? { filter } : {}), ...(from === undefined ? {} : { after: from }) };
      return await session.call("agents/inbox", waitMs > 0 ? { ...params, wait_ms: waitMs } : params, { signal });
    } catch (error) {
      if (error instanceof ConnectionLost && session.state !== "closed" && !signal.aborted) continue;
      if (!(error instanceof CliError) || error.exit !== 6 || from === undefined) throw error;
      // the board has another log than it had: from here on it is what the agent has not read
      tab.state.cursor = undefined;
      from = undefined;
    }
  }
}

/** opencode's `POST /session/{id}/prompt_async`: a message to the session, which answers it as soon as it is idle. */
async function postTo(server: string, session: string, text: string, env: NodeJS.ProcessEnv): Promise<void> {
  const password = env.OPENCODE_SERVER_PASSWORD;
  const login = `${env.OPENCODE_SERVER_USERNAME ?? "opencode"}:${password}`;
  const url = new URL(`session/${encodeURIComponent(session)}/prompt_async`, server.endsWith("/") ? server : `${server}/`);
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(password ? { authorization: `Basic ${Buffer.from(login).toString("base64")}` } : {}),
    },
    body: JSON.stringify({ parts: [{ type: "text", text }] }),
    signal: AbortSignal.timeout(POST_MS),
  });
  if (!response.ok) throw new CliError(`opencode at ${server} answered ${response.status}`, { next: "check --post and --session" });
}
