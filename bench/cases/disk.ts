import { type Finding, noted } from "../harness/report.ts";
import { type BenchServer, startServer } from "../harness/server.ts";
import { fillBoard } from "./board-data.ts";
import type { Case, Setting } from "./case.ts";

const WORKSPACE = "disk";
const BATCH = 100;

/** What a task takes on disk: its row, its words in the indexes, its lines in the log. */
export const disk: Case = {
  name: "disk",
  about: "bytes on disk for a task that was posted, and for one that was claimed and completed as well",
  async run({ worker, quick, say }: Setting): Promise<Finding[]> {
    const count = quick ? 2_000 : 10_000;
    say(`disk of ${count} tasks`);
    await using server = await startServer("disk", worker);
    const { session } = await fillBoard(server.url, WORKSPACE, count);
    const posted = await bytes(server);
    const jobs = await session.call<{ id: string }[]>("tasks/list", { limit: 500, state: "pending" });
    for (let from = 0; from < jobs.length; from += BATCH) {
      const some = jobs.slice(from, from + BATCH).map(({ id }) => id);
      await session.batch(
        "tasks/claim",
        some.map((id) => ({ id, agent_id: "worker" })),
      );
      await session.batch(
        "tasks/complete",
        some.map((id) => ({ id, agent_id: "worker", result: { summary: "done as it was asked for" } })),
      );
    }
    const worked = await bytes(server);
    session.close();
    const each = posted / count;
    const more = (worked - posted) / jobs.length;
    const figures = `${(posted / 1e6).toFixed(1)} MB of ${count.toLocaleString("en")} tasks with a name, labels and a line of description; claimed and completed ${(more / 1024).toFixed(1)} KB more each`;
    const of = { case: "disk", what: "bytes on disk of a task", figures, details: { posted, worked, count, jobs: jobs.length } };
    return [noted(of, `${(each / 1024).toFixed(1)} KB`)];
  },
};

/** The database's pages, as the server itself counts them: the log beside it is written over again and again. */
async function bytes({ url }: BenchServer): Promise<number> {
  const text = await (await fetch(`${url}w/${WORKSPACE}/metrics`)).text();
  const found = /^coord_database_bytes\S* (\d+)$/m.exec(text)?.[1];
  if (found === undefined) throw new Error("the server's metrics do not say how large its database is");
  return Number(found);
}
