import { render } from "ink";
import type { Session } from "../client/types.ts";
import { Interrupted } from "../errors.ts";
import type { Actor } from "./actor.ts";
import { App } from "./components/App.tsx";
import type { ViewName } from "./model/view-names.ts";
import { Screen } from "./screen.ts";

export interface LiveOptions {
  readonly url: string;
  readonly view: ViewName;
  readonly filter: string;
  readonly colour: boolean;
  readonly actor: Actor | undefined;
}

const EXIT_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Frames are already few when they come to ink; it must not hold one back again. */
const INK_FPS = 1_000;

/**
 * Draws on the terminal's other screen until the operator quits. However it ends (a key, a signal, an error of ours, the session's end),
 * the terminal is given back as it was: its own screen, its cursor, its line mode. Only SIGKILL leaves it drawn on; `reset` mends that.
 * @throws what ended it: `Interrupted` by a signal, CliError by the session, anything else is a bug.
 */
export async function live(session: Session, { url, view, filter, colour, actor }: LiveOptions): Promise<void> {
  const { promise, resolve, reject } = withResolvers();
  const stdout = process.stdout;
  const size = () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 });
  const screen = new Screen(session, {
    url,
    view,
    filter,
    size: size(),
    actor,
    now: Date.now,
    copy: (text) => stdout.write(clipboard(text)),
    onEnd: (error) => (error === undefined ? resolve() : reject(error)),
  });
  session.onState((state) => {
    // Refused for good, such as a token that no longer counts; the calls that it rejects say why.
    if (state === "closed") session.call("workspace/info", {}).catch((error: unknown) => screen.end(error));
  });
  const onResize = () => screen.resize(size());
  const onSignal = (name: NodeJS.Signals) => screen.end(new Interrupted(EXIT_BY_SIGNAL[name as keyof typeof EXIT_BY_SIGNAL]));
  const onBug = (error: unknown) => screen.end(error);
  const signals = Object.keys(EXIT_BY_SIGNAL) as (keyof typeof EXIT_BY_SIGNAL)[];
  for (const name of signals) process.on(name, onSignal);
  process.on("uncaughtException", onBug).on("unhandledRejection", onBug);
  stdout.on("resize", onResize);
  const app = render(<App screen={screen} hasColour={colour} />, {
    alternateScreen: true,
    interactive: true,
    exitOnCtrlC: false,
    incrementalRendering: true,
    patchConsole: true,
    maxFps: INK_FPS,
  });
  // An error while drawing ends ink by itself.
  app.waitUntilExit().catch((error: unknown) => screen.end(error));
  screen.start();
  try {
    await promise;
  } finally {
    app.unmount();
    await app.waitUntilExit().catch(() => {}); // known already: it is what ended the screen
    stdout.off("resize", onResize);
    process.off("uncaughtException", onBug).off("unhandledRejection", onBug);
    for (const name of signals) process.off(name, onSignal);
  }
}

/** OSC 52: asks the terminal to put a text on the clipboard, also through SSH. Terminals that do not know it show nothing. */
function clipboard(text: string): string {
  return `\x1b]52;c;${Buffer.from(text).toString("base64")}\x07`;
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
