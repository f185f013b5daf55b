// One of many processes that race for the jobs of one workspace: node racer.mjs <url> <workspace> <http|session> <agent>
// It prints "ready", starts at a line on stdin, claims until nothing is left, and prints the ids it got as JSON.
import { createInterface } from "node:readline";
import { overHttp, overSession } from "./wire.mjs";

const [url, workspace, how, agent] = process.argv.slice(2);

const client = await (how === "http" ? overHttp(url, workspace) : overSession(url, workspace));
console.log("ready");
await new Promise((go) => createInterface({ input: process.stdin }).once("line", go));

/** Half of the racers want particular jobs, all the same ones; the others take what is best. */
const got = [];
const wanted =
  Number(agent.slice(agent.lastIndexOf("-") + 1)) % 2 ? (await client.call("tasks/list", { state: "pending", limit: 500 })).result : [];
for (const { id } of wanted) {
  const { result, error } = await client.call("tasks/claim", { id, agentId: agent, leaseSeconds: 600 });
  if (result) got.push(result.id);
  else if (error.data.reason !== "already_claimed") throw new Error(JSON.stringify(error));
}
for (;;) {
  const { result, error } = await client.call("tasks/next", { agentId: agent, leaseSeconds: 600 });
  if (error) throw new Error(JSON.stringify(error));
  if (result === null) break;
  got.push(result.id);
}
client.close();
console.log(JSON.stringify(got));
process.exit(0);
