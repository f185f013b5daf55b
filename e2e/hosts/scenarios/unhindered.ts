import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { writeJson } from "../files.ts";
import type { Host } from "../hosts/host.ts";
import { alone, finished, hire, homeOf, initProject, type Stage, work } from "../stage.ts";
import { check, RUN_LIMIT_MS, type Scenario } from "./scenario.ts";

/** With coord's hooks in place and no server for them, or one that never answers, a session begins, does its turn and ends. */
export const unhindered: Scenario = {
  name: "unhindered",
  title: "goes on when coord's server is down",
  async run(stage, host) {
    const none = await withBoardAt("http://127.0.0.1:9/", stage, host, "none");
    await using deaf = await startDeafServer();
    const silent = await withBoardAt(deaf.url, stage, host, "deaf");
    const rest = "from the program's start to its end, with every hook of `coord init --wake` in place";
    return { ms: none, seen: `${rest}; ${silent} ms where the server takes connections and answers nothing` };
  },
};

/** One prompt without a word to the board, whose server is there or not. Answers how long the program took, in milliseconds. */
async function withBoardAt(url: string, stage: Stage, host: Host, what: string): Promise<number> {
  const name = `unhindered-${what}-${host.id}`;
  const project = await initProject(stage, name, [host], homeOf(stage, name), ["--wake"]);
  const config = JSON.parse(readFileSync(join(project.folder, ".coord.json"), "utf8")) as object;
  writeJson(project.folder, ".coord.json", { ...config, url });
  const agent = hire(stage, host, name, project, () => ({ say: "nothing to do" }));
  agent.env.COORD_AUTOSTART = "0";
  const { ms } = await finished(work(agent, "Say that there is nothing to do.", RUN_LIMIT_MS, host.trustHooks), host.title);
  await alone(project.folder, host.title);
  const { exchanges } = agent.mind;
  check("its model is asked once: no hook keeps the session", exchanges.length === 1, `${exchanges.length} times`);
  const { told } = exchanges[0]!.seen;
  check("no hook says anything", !told.includes("other agents work on this machine too"), told.slice(-300));
  return ms;
}

/** Takes every connection and never answers. */
async function startDeafServer(): Promise<AsyncDisposable & { readonly url: string }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {
      // whoever waited has given up
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
