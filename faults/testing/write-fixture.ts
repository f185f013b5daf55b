// Writes the fixture of one version's schema: node faults/testing/write-fixture.ts <its dist/cli/coord.js>. To be run once for each schema,
// with the program that ships it; a fixture that is there is never written again.
import { existsSync, readFileSync, renameSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Task } from "../../protocol/index.ts";
import { temporaryFolder, until } from "../../tests/harness/server.ts";
import { databasesOf } from "../history/database.ts";
import { Served } from "../workload/served.ts";
import { FIXTURES, writeFixture } from "./fixture.ts";

const program = process.argv[2];
if (!program) throw new Error("which program? node faults/testing/write-fixture.ts dist/cli/coord.js");

const folder = temporaryFolder();
const server = await Served.start(folder, { program });
/** A version that does not know a method refuses it: its fixture has nothing of the kind. */
const call = (method: string, params: object) =>
  server.call<Task & { task?: Task; review_id: string; note_id: string }>(method, params).catch(() => undefined);

const send = async (name: string, also: object = {}) => (await call("tasks/send", { name, agent_id: "ada", ...also }))!.id;
await call("agents/heartbeat", { id: "pat", name: "Pat", type: "user" });
const design = await send("design the gate", {
  priority: "high",
  labels: ["gate", "été"],
  description: "as *drawn*",
  payload: { height: 2 },
});
const build = await send("build the gate", { depends_on: [design], review: "required" });
await send("paint the gate", { depends_on: [build], kind: "feature" });
await send("a thought", { state: "idea" });
await send("for later", { state: "backlog" });
await send("sign the papers", { performer: "user", assignee: "pat" });
await send("SQLite needs a busy timeout", { kind: "knowledge", payload: "日本語" });
await call("tasks/claim", { id: design, agent_id: "bob", lease_seconds: 3600 });
await call("tasks/complete", { id: design, agent_id: "bob", result: { drawn: true }, post_ack: true, ack_name: "the gate is drawn" });
await call("tasks/claim", { id: build, agent_id: "cy", lease_seconds: 3600 });
await call("tasks/complete", { id: build, agent_id: "cy", result: "first try" });
await call("tasks/review", { id: build, agent_id: "rita", decision: "request_changes", body: "the hinge, @cy" });
await call("notes/add", { id: build, agent_id: "ada", body: "mind the hinge, @bob" });
const failing = await send("mend the fence");
await call("tasks/claim", { id: failing, agent_id: "bob", lease_seconds: 3600 });
await call("tasks/fail", { id: failing, agent_id: "bob", reason: "no wood" });
const dropped = await send("dig a moat");
await call("tasks/cancel", { id: dropped, reason: "no water" });
const held = await send("watch the gate");
await call("tasks/claim", { id: held, agent_id: "ada", lease_seconds: 3600 });
const lapsing = await send("count the sheep");
await call("tasks/claim", { id: lapsing, agent_id: "cy", lease_seconds: 1 });
for (let state = "claimed"; state === "claimed"; ) state = (await call("tasks/get", { id: lapsing }))!.state;
await call("tasks/claim", { id: lapsing, agent_id: "bob", lease_seconds: 3600 });
await call("tasks/release", { id: lapsing, agent_id: "bob", reason: "asleep", idempotency_key: "kept" });
const leaked = await call("notes/add", { id: build, agent_id: "ada", body: "the key is 1234" });
await call("notes/purge", { note_id: leaked?.note_id, reason: "it is a secret", agent_id: "ada" });
await call("agents/checkin", { id: "bob" });
await overA2A();

const [log, tasks] = [await server.log(), await server.tasks()];
await server.stop();
const [path] = await databasesOf(folder);
const small = join(folder, "small.sqlite");
const file = new DatabaseSync(path!);
file.exec(`VACUUM INTO '${small}'`);
const open = schemaHas(file, "a2a_push") ? file.prepare("SELECT 1 FROM a2a_push WHERE ended_at IS NULL").get() : undefined;
if (open) throw new Error("a webhook is still to be told: run it again");
const { schema } = file.prepare("SELECT max(id) AS schema FROM _migrations").get() as { schema: number };
file.close();
renameSync(small, path!);
if (existsSync(join(FIXTURES, `schema-${schema}.json.gz`))) throw new Error(`the fixture of schema ${schema} is there already`);
const runtime = JSON.parse(readFileSync(join(folder, "runtime.json"), "utf8")) as object;
writeFixture({ schema, runtime, path: relative(folder, path!), tasks, log }, readFileSync(path!));
console.log(`schema ${schema}: ${tasks.length} tasks, ${log.length} lines of the log`);

function schemaHas(file: DatabaseSync, table: string): boolean {
  return file.prepare("SELECT 1 FROM sqlite_master WHERE name = ?").get(table) !== undefined;
}

/** A job that came with a context, with a second message on it and a webhook that was told of its end. A version without A2A answers 404. */
async function overA2A(): Promise<void> {
  let told = "";
  const hook = createServer((request, response) => {
    request.setEncoding("utf8").on("data", (text: string) => {
      told += text;
    });
    request.on("end", () => response.end());
  });
  await new Promise<void>((ready) => hook.listen(0, "127.0.0.1", ready));
  const send = async (message: object, more: object = {}) => {
    const params = { message: { role: "ROLE_USER", ...message }, configuration: { returnImmediately: true, ...more } };
    const reply = await fetch(new URL("a2a", server.url), {
      method: "POST",
      headers: { "content-type": "application/json", "a2a-version": "1.0" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "SendMessage", params }),
    });
    if (reply.status === 404) return undefined;
    const { result, error } = (await reply.json()) as { result?: { task: { id: string; contextId: string } }; error?: object };
    if (!result) throw new Error(JSON.stringify(error));
    return result.task;
  };
  const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`;
  const task = await send({ messageId: "m-1", parts: [{ text: "oil the hinge" }] }, { taskPushNotificationConfig: { url } });
  if (task) {
    await send({ messageId: "m-2", taskId: task.id, contextId: task.contextId, parts: [{ text: "the upper one" }] });
    await call("tasks/claim", { id: task.id, agent_id: "bob", lease_seconds: 3600 });
    await call("tasks/complete", { id: task.id, agent_id: "bob", result: "oiled" });
    await until("the webhook was told", () => told.includes("TASK_STATE_COMPLETED"));
  }
  hook.close();
}
