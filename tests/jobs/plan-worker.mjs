// One of many processes that work off a plan: node plan-worker.mjs <url> <workspace> <http|session> <agent> <fate>
// fate: "works"; "dies", which stops for ever in its second job, to be killed there; "oversleeps", which holds its second job until
// after its lease has ended and only then hands it in. Prints a line for each job that it holds, and ends at the end of its stdin.
import { setTimeout as pause } from "node:timers/promises";
import { overHttp, overSession } from "../races/wire.mjs";

const [url, workspace, how, agent, fate] = process.argv.slice(2);
const client = await (how === "http" ? overHttp(url, workspace) : overSession(url, workspace));
let isOver = false;
process.stdin.on("end", () => {
  isOver = true;
  process.exit(0);
});
process.stdin.resume();
console.log("ready");

for (let held = 0; !isOver; ) {
  const isLast = held === 1 && fate !== "works";
  const { result, error } = await client.call("tasks/next", { agent_id: agent, lease_seconds: isLast ? 1 : 2, wait_ms: 1_000 });
  if (error) throw new Error(JSON.stringify(error));
  if (result === null) continue;
  held += 1;
  const { id, claim } = result;
  console.log(`holds ${id} ${claim.claim_id} ${isLast ? fate : "works"}`);
  if (isLast && fate === "dies") await new Promise(() => setInterval(() => {}, 60_000));
  await pause(isLast ? Date.parse(claim.lease_until) - Date.now() + 300 : 5 + Math.random() * 25);
  const done = await client.call("tasks/complete", { id, agent_id: agent, claim_id: claim.claim_id, result: agent });
  // a busy machine may let any lease lapse: then the job is another's by now, and this result came too late
  if (done.error && done.error.data.reason !== "stale_claim") throw new Error(JSON.stringify(done.error));
  console.log(`${done.error ? "late" : "done"} ${id} ${claim.claim_id}`);
}
