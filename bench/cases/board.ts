import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Finding, held, times } from "../harness/report.ts";
import { startServer } from "../harness/server.ts";
import { assertResult, type Params } from "../harness/session.ts";
import { inTurn, pairedRatio, spread } from "../harness/statistics.ts";
import { type Board, fillBoard, ZEBRAS } from "./board-data.ts";
import type { Case } from "./case.ts";
import { makeLargeBoard, openLargeBoard } from "./large-board.ts";

const SMALL = 100;
const MOST = 2;
/** Calls sent at once: what is timed is the work for a call, and not the way there and back. */
const AT_ONCE = 20;
const ROWS = 10;

/** Below it are tasks that match, on every board. */
const LAST_PAGE = "60";
/** So many events are looked through for words. */
const EVENTS = 50;

const LISTS: Readonly<Record<string, Params>> = {
  "list, no filter": { state: "any" },
  "list, kind and state": { kind: "task", state: "pending" },
  "list, ready": { ready: true },
  "list, priority": { priority: "high" },
  "list, claimed_by": { claimed_by: "holder" },
  "list, created_by": { created_by: "poster-3" },
  "list, label (many)": { label: "backend" },
  "list, label (5)": { label: "zebra" },
  "list, name_contains (many)": { name_contains: "search index" },
  "list, name_contains (5)": { name_contains: "the zebra" },
  "list, q (many)": { q: "invoice" },
  "list, q (5)": { q: "zebra" },
  "list, q (two words, 5)": { q: "part zebra" },
  "list, label (many), the last page": { label: "backend", cursor: LAST_PAGE },
  "list, name_contains (many), the last page": { name_contains: "invoice", cursor: LAST_PAGE },
  "list, q (many), the last page": { q: "invoice", cursor: LAST_PAGE },
  "list, label (many) and state (10)": { label: "backend", state: "claimed" },
  "list, created_by (many) and state (10)": { created_by: "poster-3", state: "claimed" },
  "list, q (many) and state (10)": { q: "invoice", state: "claimed" },
  "list, name_contains (many) and state (10)": { name_contains: "invoice", state: "claimed" },
};

const NEXTS: Readonly<Record<string, Params>> = {
  next: {},
  "next, kind": { kind: "bug" },
  "next, label (5, last in line)": { label: "zebra" },
  "next, name_contains (5, last in line)": { name_contains: "the zebra" },
  "next, q (5, last in line)": { q: "zebra" },
};

/** What a question costs on large boards, against a board of 100 tasks with as many matches; all of them on one server. */
export const board: Case = {
  name: "board",
  about: "claim, next and filtered lists with 10,000 and 1,000,000 tasks on the board, against 100",
  async run({ worker, quick, say }) {
    const folder = mkdtempSync(join(tmpdir(), "coord-bench-board-"));
    try {
      const [middle, size] = quick ? [undefined, 20_000] : [10_000, 1_000_000];
      say(`making a board of ${whole(size)} tasks`);
      const made = await makeLargeBoard(worker, folder, size);
      await using server = await startServer("board", worker, folder);
      const boards = [await fillBoard(server.url, "board-small", SMALL), await openLargeBoard(server.url, made)];
      if (middle !== undefined) boards.splice(1, 0, await fillBoard(server.url, "board-middle", middle));
      const found = await questions(boards, quick, say);
      for (const { session } of boards) session.close();
      return found;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function questions(boards: readonly Board[], quick: boolean, say: (text: string) => void): Promise<Finding[]> {
  const found: Finding[] = [];
  const compare = async (what: string, cost: (board: Board) => Promise<number>) => {
    say(what);
    const sides = boards.map((one) => () => cost(one));
    await inTurn(2, sides);
    const measured = await inTurn(quick ? 8 : 24, sides);
    const few = measured[0]!;
    const most = measured.at(-1)!;
    const ratio = pairedRatio(most, few);
    const figures = boards.map(({ size }, at) => `${whole(size)} tasks ${times(spread(measured[at]!), 3)}`).join(", ");
    const details = Object.fromEntries(boards.map(({ size }, at) => [String(size), spread(measured[at]!)]));
    found.push(held({ case: "board", what, figures, details: { ...details, ratio } }, ratio.median, { most: MOST }, "×"));
  };
  await compare("claim", claimCost);
  for (const [what, filter] of Object.entries(NEXTS)) await compare(what, (on) => nextCost(on, filter));
  for (const [what, filter] of Object.entries(LISTS)) await compare(what, (on) => listCost(on, filter));
  await compare(`events, q, of the newest ${EVENTS}`, eventsCost);
  return found;
}

function whole(size: number): string {
  return size.toLocaleString("en");
}

/** Milliseconds a call, of some that are sent at once. */
async function timed(calls: readonly (() => Promise<Buffer>)[]): Promise<{ each: number; answers: Buffer[] }> {
  const began = performance.now();
  const answers = await Promise.all(calls.map((call) => call()));
  const each = (performance.now() - began) / calls.length;
  for (const answer of answers) assertResult(answer);
  return { each, answers };
}

async function listCost({ session }: Board, filter: Params): Promise<number> {
  return (await timed(Array.from({ length: AT_ONCE }, () => () => session.ask("tasks/list", { ...filter, limit: ROWS })))).each;
}

async function eventsCost({ session }: Board): Promise<number> {
  const { head } = await session.call<{ head: number }>("workspace/info", {});
  const question = { after: head - EVENTS, filter: { q: "part" }, limit: EVENTS };
  return (await timed(Array.from({ length: AT_ONCE }, () => () => session.ask("events/list", question)))).each;
}

async function claimCost({ session, jobs }: Board): Promise<number> {
  const { each } = await timed(jobs.slice(0, AT_ONCE).map((id, at) => () => session.ask("tasks/claim", { id, agent_id: `agent-${at}` })));
  await session.batch(
    "tasks/release",
    jobs.slice(0, AT_ONCE).map((id, at) => ({ id, agent_id: `agent-${at}` })),
  );
  return each;
}

/** At most as many calls as there are matches, so that each of them finds a job. */
async function nextCost({ session }: Board, filter: Params): Promise<number> {
  const count = Object.keys(filter).length === 0 ? AT_ONCE : "kind" in filter ? AT_ONCE / 2 : ZEBRAS;
  const { each, answers } = await timed(
    Array.from({ length: count }, (_, at) => () => session.ask("tasks/next", { agent_id: `agent-${at}`, filter })),
  );
  const taken = answers.map((answer) => (JSON.parse(answer.toString()) as { result: { id: string } }).result.id);
  await session.batch(
    "tasks/release",
    taken.map((id) => ({ id })),
  );
  return each;
}
