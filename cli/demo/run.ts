import { relative, resolve } from "node:path";
import type { Event, Task } from "../../protocol/index.ts";
import type { Session } from "../client/types.ts";
import { coordWords } from "../init/launch.ts";
import { checkLog, checkRace, checkStory, type Invariant } from "./invariants.ts";
import type { Narrator } from "./narrator.ts";
import { now, run } from "./processes.ts";
import { playRace } from "./race.ts";
import { hasGit } from "./repository.ts";
import { Stage } from "./stage.ts";
import { playStory } from "./story.ts";
import { countBoard, racePart, type Summary, storyPart, tellSummary } from "./summary.ts";

export interface DemoOptions {
  readonly keep: boolean;
  /** Where to write the trail of it all as a vault. */
  readonly vault?: string | undefined;
  readonly narrate: Narrator;
  /** Ends the demo early: everything it started is gone when `demo` has rejected. */
  readonly signal: AbortSignal;
}

/**
 * Plays the release story and the race on a throw-away server, then holds the log against every promise.
 * A part that fails counts as a broken promise; the other is played all the same, and the summary says so.
 * Without git the release story cannot be played: that promise is broken too, since nobody has seen it kept.
 */
export async function demo({ keep, vault, narrate, signal }: DemoOptions): Promise<Summary> {
  const started = now();
  const stage = await Stage.open();
  const interrupted = new Promise<never>((_resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
  });
  // It may fire when nothing waits for it any more.
  interrupted.catch(() => {});
  try {
    return await Promise.race([perform(stage, keep, vault, narrate, started), interrupted]);
  } finally {
    await stage.close();
  }
}

async function perform(stage: Stage, keep: boolean, vault: string | undefined, narrate: Narrator, started: number): Promise<Summary> {
  const board = await stage.session();
  const invariants: Invariant[] = [];
  narrate.lines([`A throw-away server: ${stage.target.url} (workerd ${stage.workerd})`, `Everything is in ${stage.root}`]);

  narrate.heading("A release: two processes that know of each other only by the board");
  const story = await played("the release story was played to its end", invariants, narrate, async () => {
    if (!(await hasGit(stage.environment("demo")))) throw new Error("git is not installed, and the story needs it");
    return playStory(stage, board, narrate);
  });
  if (story) narrate.lines(wakeUp(story.wake_ms, story.complete_ms));

  narrate.heading("A race: eight processes, forty jobs, one of them killed with a job in hand");
  const race = await played("the race was run to its end", invariants, narrate, () => playRace(stage, board, narrate));

  const { events, head } = await readLog(board);
  if (story) invariants.push(...checkStory(events, story.facts));
  if (race) invariants.push(...checkRace(events, race.facts));
  invariants.push(checkLog(events, head));
  const tasks = (await board.call("tasks/list", { state: "any", limit: 500 })) as Task[];
  if (vault !== undefined) await writeVault(stage, resolve(vault), narrate);
  if (keep) await stage.keep();

  const summary: Summary = {
    ok: invariants.every((one) => one.held),
    duration_ms: Math.round(now() - started),
    story: storyPart(story),
    race: racePart(race),
    invariants,
    board: countBoard(tasks, head),
    kept: keep ? whatIsKept(stage) : null,
  };
  tellSummary(summary, narrate);
  return summary;
}

/** The trail as markdown, by the same command that a person would use. */
async function writeVault(stage: Stage, folder: string, narrate: Narrator): Promise<void> {
  const [command, ...program] = stage.program;
  await run(command, [...program, "vault", folder, "--once", "--json"], {
    environment: stage.environment("demo"),
    must: true,
    limit_ms: 60_000,
  });
  narrate.lines(["", `Its trail is a vault in ${folder}: open that folder in Obsidian`]);
}

async function played<T>(name: string, invariants: Invariant[], narrate: Narrator, play: () => Promise<T>): Promise<T | null> {
  try {
    const started = now();
    const outcome = await play();
    invariants.push({ name, held: true, detail: `in ${((now() - started) / 1000).toFixed(1)} s` });
    return outcome;
  } catch (error) {
    const detail = (error as Error).message;
    invariants.push({ name, held: false, detail: detail.split("\n", 1)[0]! });
    narrate.lines([narrate.paint("red", `It did not come to its end: ${detail}`)]);
    return null;
  }
}

/** The whole log, page by page; bounded by its head at the beginning, which nothing moves any more. */
async function readLog(board: Session): Promise<{ events: Event[]; head: number }> {
  const { head } = await board.call("workspace/info", {});
  const events: Event[] = [];
  for (let cursor = 0; cursor < head; ) {
    const page = await board.call("events/list", { after: cursor, limit: 500 });
    if (page.events.length === 0) break;
    events.push(...page.events);
    cursor = page.cursor;
  }
  return { events: events.filter((event) => event.seq <= head), head };
}

function wakeUp(wake_ms: number, complete_ms: number): string[] {
  return [
    "",
    `  coord wait had ended ${Math.max(0, wake_ms).toFixed(0)} ms after the ack was written,`,
    `  the coord complete that wrote it after ${Math.max(0, complete_ms).toFixed(0)} ms.`,
  ];
}

function whatIsKept(stage: Stage): Summary["kept"] {
  const { url } = stage.target;
  const coord = coordWords({ path: process.env.PATH, program: stage.program[1], from: (file) => relative(process.cwd(), file) });
  const there = `--url ${url} --workspace ${stage.target.workspace}`;
  const commands = [
    `${coord} tasks --state any ${there}`,
    `${coord} events ${there}`,
    `git -C ${stage.repository} log --oneline`,
    `${coord} stop --db ${stage.data} && rm -rf ${stage.root}`,
  ];
  return { url, data: stage.data, repository: stage.repository, commands };
}
