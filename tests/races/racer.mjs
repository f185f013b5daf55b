// One of many processes that race for the jobs of one workspace: node racer.mjs <url> <workspace> <http|session> <agent>
// It prints "ready", starts at a line on stdin, claims until nothing is left, and prints the ids it got as JSON.
import { request } from "node:http";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";

const [url, workspace, how, agent] = process.argv.slice(2);

function overHttp() {
  const call = (method, params) =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      const sent = request(new URL(`/w/${workspace}/`, url), { method: "POST", headers }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part) => {
          text += part;
        });
        response.on("end", () => resolve(JSON.parse(text)));
      });
      sent.on("error", reject);
      sent.end(body);
    });
  return Promise.resolve({ call, close() {} });
}

function overSession() {
  const socket = new WebSocket(`${url.replace(/^http/, "ws").replace(/\/$/, "")}/w/${workspace}/session`, { perMessageDeflate: false });
  const waiting = new Map();
  let id = 0;
  socket.on("message", (data) => {
    const answer = JSON.parse(data.toString());
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  const call = (method, params) =>
    new Promise((resolve) => {
      id += 1;
      waiting.set(id, resolve);
      socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("open", () => resolve({ call, close: () => socket.terminate() }));
  });
}

const client = await (how === "http" ? overHttp() : overSession());
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
