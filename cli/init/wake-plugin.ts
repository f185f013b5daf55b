const FIRST_LINE = "// coord: tells a session who it is on the board, and wakes it when something lands for it.";

/** Whether a file is this plugin, of whatever version, with nothing of anybody else's in it. */
export function isPlugin(text: string): boolean {
  const command = /^const COORD = (\[.*\]);$/m.exec(text)?.[1];
  if (!text.startsWith(FIRST_LINE) || command === undefined) return false;
  try {
    return text === opencodePlugin(JSON.parse(command) as string[]);
  } catch {
    return false; // the command was edited into something else
  }
}

/**
 * opencode's plugin (`.opencode/plugins/coord.js`), which opencode loads by itself. It waits through `coord hook opencode`, one process
 * for each idle session, and hands what that says to the session by opencode's own API; a session of a subagent is left alone.
 * @param words how coord is started here
 */
export function opencodePlugin(words: readonly string[]): string {
  return `${FIRST_LINE}
// Written by \`coord init --wake\`; \`coord init --remove\` takes it away.
import { spawn } from "node:child_process";

const COORD = ${JSON.stringify(words)};
const WAKE = 2;

export const CoordWake = async ({ client, directory }) => {
  const introductions = new Map();
  const waiters = new Map();

  /** Runs one hook for a session, to its end. */
  const hook = (session, event, started = () => {}) =>
    new Promise((done) => {
      const [program, ...args] = [...COORD, "hook", "opencode", "--session", session, "--event", event];
      const child = spawn(program, args, { cwd: directory, stdio: ["pipe", "pipe", "ignore"], shell: process.platform === "win32" });
      let text = "";
      child.stdout.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      child.once("error", () => done({ code: 0, text: "" })); // coord is not there: the session goes on without it
      child.once("close", (code) => done({ code, text: text.trim() }));
      child.stdin.on("error", () => {}).end("{}");
      started(child);
    });

  const isSubagent = async (session) => {
    const { data } = await client.session.get({ path: { id: session } });
    return Boolean(data?.parentID);
  };

  const say = (session, text) => client.session.promptAsync({ path: { id: session }, body: { parts: [{ type: "text", text }] } });

  /** A reminder where one is due; else a waiter stays until there is something to say. */
  const idle = async (session) => {
    if (await isSubagent(session)) return;
    const reminder = await hook(session, "stop");
    if (reminder.text) return say(session, reminder.text);
    waiters.get(session)?.kill();
    const { code, text } = await hook(session, "wait", (child) => waiters.set(session, child));
    if (code === WAKE && text) await say(session, text);
  };

  const forget = (session) => {
    waiters.get(session)?.kill();
    waiters.delete(session);
    introductions.delete(session);
  };

  return {
    "experimental.chat.system.transform": async ({ sessionID }, output) => {
      if (!sessionID) return;
      if (!introductions.has(sessionID)) introductions.set(sessionID, hook(sessionID, "start"));
      const { text } = await introductions.get(sessionID);
      if (text) output.system.push(text);
    },
    event: async ({ event }) => {
      if (event.type === "session.idle") void idle(event.properties.sessionID).catch(() => {});
      if (event.type === "session.deleted") forget(event.properties.info?.id ?? event.properties.sessionID);
    },
    dispose: async () => {
      for (const session of [...waiters.keys()]) forget(session);
    },
  };
};
`;
}
