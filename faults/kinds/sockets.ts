import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { startSession } from "../../cli/client/session.ts";
import { LIMITS, type Task } from "../../protocol/index.ts";
import { temporaryFolder, until } from "../../tests/harness/server.ts";
import { pause } from "../workload/door.ts";
import { RawSocket } from "../workload/raw-socket.ts";
import { Served } from "../workload/served.ts";
import { Findings, type Kind } from "./kind.ts";

const MIB = 1024 * 1024;
const PAYLOAD = 200_000;

/** Memory that workerd takes now, in MiB; 0 where the system does not tell. */
function memory(server: Served): number {
  try {
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.workerdPid}/status`, "utf8"))?.[1] ?? 0) / 1024);
  } catch {
    return 0; // not Linux
  }
}

const sessions = async (server: Served) => (await server.call<{ sessions: number }>("workspace/info", {})).sessions;

export const sockets: Kind = {
  promise: "clients that never read, read slowly, stop in the middle of a frame or vanish cost bounded memory, and nobody else anything",
  share: 0,
  async run({ ms, say }) {
    const findings = new Findings();
    const server = await Served.start(temporaryFolder());
    const counts: Record<string, number> = {};
    try {
      await server.call("tasks/send", { name: "large", payload: "x".repeat(PAYLOAD) });
      counts["MiB before"] = memory(server);
      await neverReads(server, findings, counts);
      await asksAndNeverReads(server, findings, counts);
      await subscriberNeverReads(server, findings, counts);
      await slowReader(server, findings, counts);
      await halfOpen(server, findings, counts, Math.min(200, Math.max(20, Math.round(ms / 500))));
      say(JSON.stringify(counts));
    } finally {
      await server.stop();
    }
    return { counts, findings: findings.all };
  },
};

/** It asks for three times as much as may lie unread, and takes none of it. */
async function neverReads(server: Served, findings: Findings, counts: Record<string, number>): Promise<void> {
  const stuck = await RawSocket.open(server.url);
  const asks = Math.ceil((3 * LIMITS.unread_chars.value) / PAYLOAD);
  for (let id = 1; id <= asks; id += 1) {
    stuck.call(id, "tasks/get", { id: "#1" });
    if (id % 100 === 0) await pause(50);
  }
  await until("the client that never reads is cut off", async () => (await sessions(server)) === 0, 30_000);
  counts["MiB with a client that never reads"] = memory(server);
  // its window, the copies of it that are on their way, and what the runtime itself may have grown by
  const most = (counts["MiB before"] ?? 0) + (2.5 * LIMITS.unread_chars.value) / MIB;
  findings.expect(memory(server) < most, `workerd takes ${memory(server)} MiB for a client that asks and never reads`);
  stuck.end();
}

/** The same over plain HTTP, one request behind another on one connection: it is answered no further than it reads. */
async function asksAndNeverReads(server: Served, findings: Findings, counts: Record<string, number>): Promise<void> {
  const { port, hostname } = new URL(server.url);
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tasks/get", params: { id: "#1" } });
  const request = `POST / HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const stuck = connect({ port: Number(port), host: hostname }).pause();
  stuck.on("error", () => {
    // cut off by the server: that is one way to bound it
  });
  const before = memory(server);
  const asks = Math.ceil((3 * LIMITS.unread_chars.value) / PAYLOAD);
  for (let n = 0; n < asks; n += 1) stuck.write(request);
  for (let n = 0; n < 20; n += 1) await server.call<Task>("tasks/send", { name: "beside requests that nobody reads the answers of" });
  counts["MiB more for requests whose answers are not read"] = Math.max(0, memory(server) - before);
  findings.expect(
    memory(server) - before < 64,
    `workerd takes ${memory(server) - before} MiB for ${asks} requests whose answers are not read`,
  );
  stuck.destroy();
}

async function subscriberNeverReads(server: Served, findings: Findings, counts: Record<string, number>): Promise<void> {
  const stuck = await RawSocket.open(server.url);
  stuck.call(1, "events/subscribe", {});
  const well = startSession({ url: server.url, workspace: "default" }, { autostart: false });
  let heard = 0;
  await well.subscribe({}, (events) => {
    heard += events.length;
  });
  const before = memory(server);
  const line = "n".repeat(500);
  const batch = JSON.stringify(
    Array.from({ length: 100 }, (_, id) => ({
      jsonrpc: "2.0",
      id,
      method: "tasks/send",
      params: { name: line, labels: [line.slice(0, 60)] },
    })),
  );
  // as much as fits a short test; the whole window is filled in worker/session/unread.test.ts
  const posts = 40;
  for (let n = 0; n < posts; n += 1)
    await fetch(server.url, { method: "POST", headers: { "content-type": "application/json" }, body: batch }).then((reply) => reply.text());
  await until("the subscriber that reads has all", () => heard >= posts * 100);
  counts["events beside a subscriber that never reads"] = heard;
  findings.expect(
    memory(server) - before < 64,
    `${memory(server) - before} MiB for ${posts * 100} events that one subscriber does not read`,
  );
  await well.close();
  stuck.end();
}

/** It gets everything, in its own time, and keeps nobody waiting. */
async function slowReader(server: Served, findings: Findings, counts: Record<string, number>): Promise<void> {
  const slow = await RawSocket.open(server.url);
  const asks = 40;
  for (let id = 1; id <= asks; id += 1) slow.call(id, "tasks/get", { id: "#1" });
  const began = performance.now();
  const { id } = await server.call<Task>("tasks/send", { name: "beside a slow reader" });
  findings.expect((await server.call<Task>("tasks/claim", { id, agent_id: "quick" })).claim !== undefined, "a claim beside a slow reader");
  counts["ms of a send and a claim beside a slow reader"] = Math.round(performance.now() - began);
  slow.read();
  for (let sips = 0; sips < 10; sips += 1) {
    await pause(30);
    slow.socket.pause();
    await pause(30);
    slow.socket.resume();
  }
  await until("the slow reader has all its answers", () => slow.received.length > asks * PAYLOAD, 20_000);
  slow.end();
}

/** Connections whose other end is gone without a word, or says half a word, do not add up. */
async function halfOpen(server: Served, findings: Findings, counts: Record<string, number>, many: number): Promise<void> {
  const all = await Promise.all(Array.from({ length: many }, () => RawSocket.open(server.url)));
  for (const [n, one] of all.entries()) {
    one.call(1, "tasks/next", { agent_id: `gone-${n}`, filter: { kind: "for nobody" }, wait_ms: 600_000 });
    if (n % 2 === 0) one.half();
  }
  await until("all are in line", async () => (await server.call<{ waiters: number }>("workspace/info", {})).waiters === many);
  // some only say that nothing more will come, and would still take an answer
  for (const [n, one] of all.entries()) if (n % 3 === 0) one.socket.end();
  for (const [n, one] of all.entries()) if (n % 3 !== 0) one.end();
  // the server learns of it when it writes; a job for each of them is handed to nobody who is gone for longer than its lease
  await until("they are forgotten", async () => {
    await server.call("tasks/send", { name: "x", kind: "for nobody" });
    return (await sessions(server)) === 0;
  });
  for (const one of all) one.end();
  counts["half-open sockets"] = many;
  const { id } = await server.call<Task>("tasks/send", { name: "after" });
  findings.expect(
    (await server.call<Task>("tasks/claim", { id, agent_id: "quick" })).state === "claimed",
    "a claim after half-open sockets",
  );
}
