// One client process of a run: node faults/workload/client.ts '<JSON of ClientOptions>'. It works until its standard input ends, then
// finishes what is under way. It may be killed or stopped at any moment: what it recorded until then counts.
import type { Event } from "../../protocol/index.ts";
import { Recorder } from "../history/recorder.ts";
import { Random } from "../random.ts";
import { cliDoor } from "./cli-door.ts";
import { type Door, pause } from "./door.ts";
import { httpDoor } from "./http-door.ts";
import { Lane } from "./lane.ts";
import { mcpDoor } from "./mcp-door.ts";
import { sessionDoor } from "./session-door.ts";

export type How = "http" | "session" | "cli" | "mcp";

export interface ClientOptions {
  readonly how: How;
  readonly name: string;
  readonly url: string;
  /** `dist/cli/coord.js`. */
  readonly program: string;
  readonly seed: number;
  /** Lines of calls at once. */
  readonly lanes: number;
  /** Of which so many only wait. */
  readonly waiters: number;
  /** Where its history goes. */
  readonly file: string;
}

/** What is still under way this long after the end was asked for, is open for good. */
const LAST_MS = 25_000;

const options = JSON.parse(process.argv[2]!) as ClientOptions;
const recorder = new Recorder(options.file);
const random = new Random(options.seed);
const known = { ids: [], stopping: false };

function open(): Door {
  const { how, url, program, name } = options;
  if (how === "http") return httpDoor(url);
  if (how === "cli") return cliDoor(program, url);
  if (how === "mcp") return mcpDoor(program, url, name, (pid) => process.stdout.write(`bridge ${pid}\n`));
  const door = sessionDoor(url);
  const delivered = (events: readonly Event[], cursor: number) =>
    recorder.followed(
      name,
      0,
      events.map(({ seq }) => seq),
      cursor,
    );
  // where no server can be reached for long, nothing is followed, and nothing is claimed about it
  door.follow(0, delivered).catch(() => {});
  return door;
}

const door = open();
process.stdin.on("end", () => {
  known.stopping = true;
});
process.stdin.resume();
process.stdout.write("ready\n");
const lanes = Array.from({ length: options.lanes }, (_, n) => {
  const lane = new Lane(
    `${options.name}.${n}`,
    options.how === "mcp" ? options.name : `${options.name}.${n}`,
    door,
    recorder,
    random.fork(),
    known,
  );
  return n < options.waiters ? lane.wait() : lane.work();
});
const stopped = new Promise<void>((resolve) => process.stdin.once("end", resolve));
await Promise.race([Promise.all(lanes), stopped.then(() => pause(LAST_MS))]);
recorder.close();
await Promise.race([door.close(), pause(2_000)]);
process.exit(0);
