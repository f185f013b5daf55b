import pty from "@lydell/node-pty";
import { endWithUs } from "../processes.ts";
import type { Begin } from "./session.ts";

const KEPT_CHARS = 20_000;

/** A session on a pseudo-terminal: the program's own screen, idle between turns. */
export const inTerminal: Begin = async ({ host, program, rooms, env }, prompt) => {
  let output = "";
  let isOver = false;
  const child = pty.spawn(program, [...host.interactive(prompt)], {
    cwd: rooms.project,
    cols: 120,
    rows: 40,
    name: "xterm-256color",
    env: { ...env, TERM: "xterm-256color" },
  });
  child.onData((data) => {
    output = (output + data).slice(-KEPT_CHARS);
  });
  const kill = (): void => {
    if (!isOver) child.kill("SIGKILL");
  };
  const forget = endWithUs(kill);
  const over = new Promise<void>((_, failed) => {
    child.onExit(({ exitCode }) => {
      isOver = true;
      forget();
      failed(new Error(`${host.title} left its terminal with ${exitCode}`));
    });
  });
  over.catch(() => {
    // Nobody may be listening any more: it was killed.
  });
  return {
    // what one would read, roughly: without the terminal's own words
    output: () => output.replaceAll(/\x1b\][^\x07]*\x07|\x1b[[(][0-9;?<>=]*[A-Za-z]|\x1b./g, "").replaceAll(/\s+/g, " "),
    over,
    kill,
  };
};
