import { type Finding, held, times } from "../harness/report.ts";
import { assertResult, type Params } from "../harness/session.ts";
import { interleaved, pairedRatio, spread } from "../harness/statistics.ts";
import { type Board, fillBoard, ZEBRAS } from "./board-data.ts";
import type { Case } from "./case.ts";

const SMALL = 100;
const MOST = 2;
/** Calls sent at once: what is timed is the work for a call, and not the way there and back. */
const AT_ONCE = 20;
const ROWS = 10;

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

/** What a question costs on a large board, against a board of 100 tasks with as many matches. */
export const board: Case = {
  name: "board",
  about: "claim, next and filtered lists with 100,000 tasks on the board, against 100",
  async run({ coord, quick, say }) {
    const size = quick ? 10_000 : 100_000;
    say(`filling a board with ${size.toLocaleString("en")} tasks`);
    const large = await fillBoard(coord.url, "board-large", size);
    const small = await fillBoard(coord.url, "board-small", SMALL);
    const rounds = quick ? 10 : 30;
    const found: Finding[] = [];
    const compare = async (what: string, cost: (board: Board) => Promise<number>) => {
      say(what);
      await interleaved(
        2,
        () => cost(large),
        () => cost(small),
      );
      const [many, few] = await interleaved(
        rounds,
        () => cost(large),
        () => cost(small),
      );
      const ratio = pairedRatio(many, few);
      const details = { tasks: size, large: spread(many), small: spread(few), ratio };
      const figures = `${size.toLocaleString("en")} tasks ${times(spread(many), 3)}, ${SMALL} tasks ${times(spread(few), 3)}`;
      found.push(held({ case: "board", what, figures, details }, ratio.median, { most: MOST }, "×"));
    };
    await compare("claim", claimCost);
    for (const [what, filter] of Object.entries(NEXTS)) await compare(what, (on) => nextCost(on, filter));
    for (const [what, filter] of Object.entries(LISTS)) await compare(what, (on) => listCost(on, filter));
    large.session.close();
    small.session.close();
    return found;
  },
};

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
