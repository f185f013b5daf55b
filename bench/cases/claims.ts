import { HttpCaller } from "../harness/http.ts";
import { type Finding, held, noted, rates } from "../harness/report.ts";
import type { BenchServer } from "../harness/server.ts";
import { Session } from "../harness/session.ts";
import { interleaved, median, pairedRatio, spread } from "../harness/statistics.ts";
import type { Case, Setting } from "./case.ts";
import { CALLERS, type Caller, openSide, type Round, type Side } from "./claiming.ts";

const LEAST = 0.7;

/** Durable claims a second, 32 callers with one call in flight each, against a bare object that does the same two writes. */
export const claims: Case = {
  name: "claims",
  about: "durable claims a second at 32 callers, over sessions and HTTP, against a bare Durable Object",
  async run(setting) {
    return [
      await compare(setting, "sessions", overSession),
      await compare(setting, "HTTP", async ({ url }) => new HttpCaller(url)),
      await compareOneSession(setting),
      await comparePaced(setting),
      await compareKeyed(setting),
    ];
  },
};

function overSession({ url }: BenchServer, workspace: string): Promise<Caller> {
  return Session.open(url, workspace);
}

type Open = typeof overSession;

/** The comparison that has a target: the bare object groups its commits as the design says. */
async function compare(setting: Setting, over: string, open: Open): Promise<Finding> {
  const what = `claims over ${over}, ${CALLERS} callers`;
  const size = (setting.quick ? 1_000 : 3_000) / (over === "HTTP" ? 2 : 1);
  const [a, b] = await measure(setting, what, size, await openSide(setting.coord, open), await openSide(setting.baseline, open));
  const { details, figures, ratio } = compared("coord", a, "bare", b);
  return held({ case: "claims", what, figures, details }, ratio, { least: LEAST }, "%");
}

/** As many calls in flight, all on one session: what groups commits well for many sockets may do badly here. For information. */
async function compareOneSession(setting: Setting): Promise<Finding> {
  const what = `claims over one session, ${CALLERS} in flight`;
  const shared = async (server: BenchServer) => {
    const session = await Session.open(server.url);
    return openSide(server, async () => session);
  };
  const [a, b] = await measure(setting, what, setting.quick ? 1_000 : 3_000, await shared(setting.coord), await shared(setting.baseline));
  const { details, figures, ratio } = compared("coord", a, "bare", b);
  return noted({ case: "claims", what, figures, details }, `${(ratio * 100).toFixed(0)} %`);
}

/** Against the faster way to group commits. For information. */
async function comparePaced(setting: Setting): Promise<Finding> {
  const what = "claims over sessions, bare one paced";
  const bare = await openSide(setting.baseline, overSession, "paced");
  const [a, b] = await measure(setting, what, setting.quick ? 1_000 : 3_000, await openSide(setting.coord, overSession), bare);
  const { details, figures, ratio } = compared("coord", a, "bare", b);
  return noted({ case: "claims", what, figures, details }, `${(ratio * 100).toFixed(0)} %`);
}

/** What an idempotency key adds, as coord's own client sends one with every mutation: one more durable row. For information. */
async function compareKeyed(setting: Setting): Promise<Finding> {
  const what = "claims with an idempotency key";
  const plain = await openSide(setting.coord, overSession);
  const keyed = await openSide(setting.coord, overSession, "default", (id) => ({ idempotency_key: `claim-${id}` }));
  const [a, b] = await measure(setting, what, setting.quick ? 1_000 : 3_000, keyed, plain);
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
  const results = await both(quick ? 5 : 11);
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
    `p99 ${middle((r) => r.p99_ms, 1)} ms; workerd ${middle((r) => r.processor_us, 0)} µs of processor a claim`,
    `client at ${middle((r) => r.load * 100, 0)} % of a core`,
  ];
  return { figures: figures.join("\n    "), ratio: ratio.median, details: { rate, ratio, rounds: { [nameA]: a, [nameB]: b } } };
}
