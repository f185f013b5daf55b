import { HttpCaller } from "../harness/http.ts";
import type { Caller } from "../harness/peer.ts";
import { type Finding, held, noted, rates } from "../harness/report.ts";
import type { BenchServer } from "../harness/server.ts";
import { Session } from "../harness/session.ts";
import { interleaved, median, pairedRatio, type Spread, spread } from "../harness/statistics.ts";
import type { Case, Setting } from "./case.ts";
import { CALLERS, openSide, type Round, type Side } from "./claiming.ts";

const LEAST = 0.7;

/** HTTP's slowest hundredth, against its middle: at most this, or no worse than the bare object's own ratio in the same rounds. */
const MOST_TAIL = 3;
/** Two runs of the same server differ by about so much. */
const NOISE = 1.15;
const COUNTS = [8, 32, 128] as const;

/** Durable claims a second, with one call in flight for each caller, against a bare object that does the same two writes. */
export const claims: Case = {
  name: "claims",
  about: "durable claims a second at 8, 32 and 128 callers, over sessions and HTTP, against a bare Durable Object",
  async run(setting) {
    const found: Finding[] = [];
    for (const count of setting.quick ? [CALLERS] : COUNTS) found.push(...(await compare(setting, "sessions", overSession, count)));
    for (const count of setting.quick ? [CALLERS] : COUNTS)
      found.push(...(await compare(setting, "HTTP", async ({ url }) => new HttpCaller(url), count)));
    if (setting.quick) return found;
    return [...found, await compareOneSession(setting), await comparePaced(setting), await compareKeyed(setting)];
  },
};

function overSession({ url }: BenchServer, workspace: string): Promise<Caller> {
  return Session.open(url, workspace);
}

type Open = typeof overSession;

/** The comparison that has a target: the bare object groups its commits as the design says. Over HTTP, what the slowest claims take as well. */
async function compare(setting: Setting, over: string, open: Open, count: number): Promise<Finding[]> {
  const what = `claims over ${over}, ${count} callers`;
  const size = (setting.quick ? 800 : 2_000) / (over === "HTTP" ? 2 : 1);
  const sides = [await openSide(setting.coord, open, { count }), await openSide(setting.baseline, open, { count })] as const;
  const [a, b] = await measure(setting, what, size, ...sides);
  const { details, figures, ratio } = compared("coord", a, "bare", b);
  const rate = held({ case: "claims", what, figures, details }, ratio, { least: LEAST }, "%");
  return over === "HTTP" ? [rate, tail(count, a, b)] : [rate];
}

function tail(count: number, a: readonly Round[], b: readonly Round[]): Finding {
  const ratios = (rounds: readonly Round[]) => spread(rounds.map((round) => round.p99_ms / round.p50_ms));
  const [own, bare] = [ratios(a), ratios(b)];
  const most = Math.max(MOST_TAIL, bare.median * NOISE);
  const show = (of: Spread) => `${of.median.toFixed(1)}× (${of.low.toFixed(1)}–${of.high.toFixed(1)})`;
  const ms = (rounds: readonly Round[]) =>
    `p50 ${median(rounds.map((r) => r.p50_ms)).toFixed(1)}, p99 ${median(rounds.map((r) => r.p99_ms)).toFixed(1)} ms`;
  const figures = `coord ${show(own)}, ${ms(a)}; bare ${show(bare)}, ${ms(b)}${own.median > MOST_TAIL ? "\n    above 3×; held against the bare object's own" : ""}`;
  const of = { case: "claims", what: `HTTP claims, p99 of p50, ${count} callers`, figures, details: { coord: own, bare, most } };
  return held(of, own.median, { most }, "×");
}

/** As many calls in flight, all on one session: what groups commits well for many sockets may do badly here. For information. */
async function compareOneSession(setting: Setting): Promise<Finding> {
  const what = `claims over one session, ${CALLERS} in flight`;
  const shared = async (server: BenchServer) => {
    const session = await Session.open(server.url);
    return openSide(server, async () => session);
  };
  const [a, b] = await measure(setting, what, setting.quick ? 1_000 : 2_000, await shared(setting.coord), await shared(setting.baseline));
  const { details, figures, ratio } = compared("coord", a, "bare", b);
  return noted({ case: "claims", what, figures, details }, `${(ratio * 100).toFixed(0)} %`);
}

/** Against the faster way to group commits. For information. */
async function comparePaced(setting: Setting): Promise<Finding> {
  const what = "claims over sessions, bare one paced";
  const bare = await openSide(setting.baseline, overSession, { workspace: "paced" });
  const [a, b] = await measure(setting, what, setting.quick ? 1_000 : 2_000, await openSide(setting.coord, overSession), bare);
  const { details, figures, ratio } = compared("coord", a, "bare", b);
  return noted({ case: "claims", what, figures, details }, `${(ratio * 100).toFixed(0)} %`);
}

/** What an idempotency key adds, as coord's own client sends one with every mutation: one more durable row. For information. */
async function compareKeyed(setting: Setting): Promise<Finding> {
  const what = "claims with an idempotency key";
  const plain = await openSide(setting.coord, overSession);
  const keyed = await openSide(setting.coord, overSession, { extra: (id) => ({ idempotency_key: `claim-${id}` }) });
  const [a, b] = await measure(setting, what, setting.quick ? 1_000 : 2_000, keyed, plain);
  const { details, figures, ratio } = compared("with", a, "without", b);
  return noted({ case: "claims", what, figures, details }, `${(ratio * 100).toFixed(0)} %`);
}

/** Rounds of both sides in turn, after one that does not count. */
async function measure({ quick, say }: Setting, what: string, size: number, a: Side, b: Side): Promise<[Round[], Round[]]> {
  say(what);
  const both = (rounds: number) =>
    interleaved(
      rounds,
      () => a.round(size),
      () => b.round(size),
    );
  await both(1);
  const results = await both(quick ? 4 : 9);
  a.close();
  b.close();
  return results;
}

function compared(nameA: string, a: readonly Round[], nameB: string, b: readonly Round[]) {
  const rate = { [nameA]: spread(a.map((r) => r.rate)), [nameB]: spread(b.map((r) => r.rate)) };
  const ratio = pairedRatio(
    a.map((r) => r.rate),
    b.map((r) => r.rate),
  );
  const middle = (figure: (round: Round) => number, digits: number) =>
    `${median(a.map(figure)).toFixed(digits)} and ${median(b.map(figure)).toFixed(digits)}`;
  const figures = [
    `${nameA} ${rates(rate[nameA]!)}, ${nameB} ${rates(rate[nameB]!)}`,
    `p50 ${middle((r) => r.p50_ms, 1)}, p99 ${middle((r) => r.p99_ms, 1)}, p99.9 ${middle((r) => r.p999_ms, 1)} ms`,
    `workerd ${middle((r) => r.processor_us, 0)} µs of processor a claim`,
    `client at ${middle((r) => r.load * 100, 0)} % of a core`,
  ];
  return { figures: figures.join("\n    "), ratio: ratio.median, details: { rate, ratio, rounds: { [nameA]: a, [nameB]: b } } };
}
