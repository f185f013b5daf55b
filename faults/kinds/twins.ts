import { rmSync } from "node:fs";
import { rpc } from "../../tests/harness/http.ts";
import { startServer, type TestServer, temporaryFolder } from "../../tests/harness/server.ts";
import { Random } from "../random.ts";
import { Findings, type Kind } from "./kind.ts";

/** What a server says that finds the folder taken. */
const TAKEN = /already served at|is starting on this data folder/;

export const twins: Kind = {
  promise: "of servers that are started at once on one folder, whatever the last one left there, exactly one serves it",
  share: 1,
  async run({ seed, ms, say }) {
    const random = new Random(seed);
    const db = temporaryFolder();
    const findings = new Findings();
    const counts = { rounds: 0, started: 0, refused: 0 };
    const sent: string[] = [];
    const until = performance.now() + ms;
    while (counts.rounds === 0 || performance.now() < until) {
      const many = random.between(2, 4);
      const attempts = await Promise.allSettled(Array.from({ length: many }, () => startServer({ db })));
      const winners = attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
      counts.rounds += 1;
      counts.started += many;
      for (const attempt of attempts) {
        if (attempt.status === "fulfilled") continue;
        counts.refused += 1;
        findings.expect(TAKEN.test(String(attempt.reason)), `a server that came second said: ${attempt.reason}`);
      }
      findings.expect(winners.length === 1, `${winners.length} of ${many} serve the folder`);
      const [winner] = winners;
      if (winner) {
        const names = ((await rpc(winner.url, "tasks/list", { limit: 500 })) as { name: string }[]).map((task) => task.name).reverse();
        const missing = sent.filter((name) => !names.includes(name));
        findings.expect(missing.length === 0, `what was answered is not there: ${missing}`);
        const name = `round ${counts.rounds}`;
        await rpc(winner.url, "tasks/send", { name });
        if (sent.push(name) > 400) sent.shift();
      }
      for (const one of winners) await end(one, random);
    }
    rmSync(db, { recursive: true, force: true });
    say(`${counts.rounds} rounds`);
    return { counts, findings: findings.all };
  },
};

/** In good order, by `kill -9` with its workerd taken along, or by `kill -9` of both at once. */
async function end(server: TestServer, random: Random): Promise<void> {
  const how = random.between(0, 2);
  if (how === 0) return server.stop();
  if (how === 2) process.kill(server.workerdPid, "SIGKILL");
  return server.kill();
}
