import { basename } from "node:path";
import type { CliError } from "../cli/errors.ts";
import { count } from "./render/show.ts";
import type { VaultReporter, VaultStatus } from "./run.ts";
import type { Phase } from "./sync.ts";

const WORDS: Readonly<Record<Phase, string>> = { replaying: "replaying the log", reading: "reading tasks", writing: "writing files" };
const BAR = 30;
/** Between two drawings of the bar, in milliseconds. */
const REDRAW_MS = 80;
/** What takes less than so many steps needs no bar. */
const LEAST_STEPS = 200;

interface Out {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/**
 * Tells a person how the vault goes: a bar that is redrawn in its place on a terminal, lines otherwise. With `asJson`, the first
 * time at rest is one JSON value on stdout and everything else goes to stderr.
 */
export function consoleReporter(streams: { out: Out; err: Out; asJson: boolean; now?: () => number }): VaultReporter {
  const { out, err, asJson, now = () => performance.now() } = streams;
  let isBarShown = false;
  let drawn = Number.NEGATIVE_INFINITY;
  const clear = () => {
    if (isBarShown) err.write("\r\x1b[K");
    isBarShown = false;
  };
  const say = (text: string) => {
    clear();
    err.write(`${text}\n`);
  };
  return {
    progress(what, done, total) {
      if (!err.isTTY || total < LEAST_STEPS) return;
      const isLast = done >= total;
      if (!isLast && now() - drawn < REDRAW_MS) return;
      drawn = now();
      const full = Math.floor((BAR * done) / total);
      err.write(`\r\x1b[K${"█".repeat(full)}${"░".repeat(BAR - full)} ${WORDS[what]} ${done}/${total}`);
      isBarShown = true;
    },
    current(status) {
      clear();
      out.write(asJson ? `${JSON.stringify(status)}\n` : `${summary(status)}\n`);
    },
    note: (text) => say(`coord vault: ${text}`),
    trouble(error: CliError) {
      say(
        `coord vault: ${error.message}\n${error.next === undefined ? "" : `next:  ${error.next}\n`}it is tried again until it works; coordination goes on`,
      );
    },
  };
}

function summary({ vault, cursor, tasks, agents, written }: VaultStatus): string {
  return `${basename(vault)} tells the board up to event ${cursor}: ${count(tasks, "task")}, ${count(agents, "agent")} (${count(written, "file")} written)\nopen ${vault} as a vault in Obsidian`;
}
