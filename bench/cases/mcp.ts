import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { HttpCaller } from "../harness/http.ts";
import { programEnv } from "../harness/processes.ts";
import { type Finding, noted, times } from "../harness/report.ts";
import { assertResult } from "../harness/session.ts";
import { inTurn, latency, pairedRatio, spread } from "../harness/statistics.ts";
import type { Case, Setting } from "./case.ts";

const WORKSPACE = "mcp";
const IDENTITY = { name: "coord-bench", version: "1.0.0" };

/** What a tool call of an agent's host takes, there and back, beside the same question by JSON-RPC. */
export const mcp: Case = {
  name: "mcp",
  about: "an MCP tool call's round trip, by `coord mcp` on stdio and by the server's own endpoint",
  async run({ coord, program, quick, say }: Setting): Promise<Finding[]> {
    say("MCP tool calls");
    const clients: { what: string; client: Client }[] = [];
    const plain = new HttpCaller(`${coord.url}w/${WORKSPACE}/`);
    try {
      const http = new Client(IDENTITY);
      const headers = { "x-coord-agent": "bench" };
      await http.connect(new StreamableHTTPClientTransport(new URL(`w/${WORKSPACE}/mcp`, coord.url), { requestInit: { headers } }));
      clients.push({ what: "over HTTP", client: http });
      if (program !== undefined) {
        const stdio = new Client(IDENTITY);
        const args = [program, "mcp", "--as", "bench", "--workspace", WORKSPACE];
        await stdio.connect(new StdioClientTransport({ command: process.execPath, args, env: programEnv(coord.url) }));
        clients.push({ what: "on stdio", client: stdio });
      }
      assertResult(await plain.ask("tasks/send", { name: "a job to look at" }));
      const toolCall = (client: Client) => () =>
        timed(async () => {
          const answer = await client.callTool({ name: "tasks_list", arguments: { limit: 1 } });
          if (answer.isError) throw new Error(`tasks_list: ${JSON.stringify(answer.content).slice(0, 200)}`);
        });
      const sides = [
        () => timed(async () => assertResult(await plain.ask("tasks/list", { limit: 1 }))),
        ...clients.map(({ client }) => toolCall(client)),
      ];
      await inTurn(10, sides);
      const [alone, ...measured] = await inTurn(quick ? 40 : 300, sides);
      return clients.map(({ what }, at) => {
        const took = measured[at]!;
        const { p50, p99 } = latency(took);
        const figures = `${p50.toFixed(2)} ms, p99 ${p99.toFixed(1)} ms; tasks/list by JSON-RPC ${times(spread(alone!), 2)}`;
        const details = { took: latency(took), jsonrpc: latency(alone!), ratio: pairedRatio(took, alone!) };
        return noted({ case: "mcp", what: `MCP tool call ${what}`, figures, details }, `${p50.toFixed(2)} ms`);
      });
    } finally {
      plain.close();
      for (const { client } of clients) await client.close();
    }
  },
};

async function timed(body: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await body();
  return performance.now() - began;
}
