import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { cleanEnv, PROGRAM } from "../../../tests/harness/server.ts";
import { check, play, type Scenario } from "./scenario.ts";

/** coord's tools as `coord mcp` lists them to a client without a host's habits. */
async function everyTool(url: string): Promise<string[]> {
  const env = cleanEnv() as Record<string, string>;
  const transport = new StdioClientTransport({ command: process.execPath, args: [PROGRAM, "mcp", "--url", url], env });
  const client = new Client({ name: "coord-e2e", version: "1.0.0" });
  await client.connect(transport);
  try {
    return (await client.listTools()).tools.map(({ name }) => name);
  } finally {
    await client.close();
  }
}

/** The heading of what coord writes into AGENTS.md. */
const RULES = "## Working beside other agents: coord";

/** The configuration that `coord init` wrote is loaded: every tool reaches the model, and so do the server's instructions and the rules file. */
export const lists: Scenario = {
  name: "lists",
  title: "loads what `coord init` wrote and lists the tools",
  async run(stage, host) {
    const expected = await everyTool(stage.server.url);
    const { agent, seen, ms } = await play(
      stage,
      host,
      "lists",
      () =>
        ({ calls }) =>
          calls.length === 0 ? { call: "checkin" } : { say: "seen" },
    );
    const missing = expected.filter((tool) => !seen.tools.includes(tool));
    check(`all ${expected.length} tools reach the model`, missing.length === 0 && seen.tools.length === expected.length, seen.tools);
    check(
      "coord's instructions reach the model",
      seen.told.includes("coord is the board that this machine's agents share"),
      "no instructions",
    );
    check("the rules of AGENTS.md reach the model", seen.told.includes(RULES), "no rules");
    const rules = seen.told.split(RULES).length - 1;
    check("and that once", rules === 1, `${rules} times`);
    const { exchanges } = agent.mind;
    const late = exchanges.findIndex((exchange) => exchange.seen.tools.length > 0);
    const { tools, deferred } = exchanges.at(-1)!.turn;
    const named = deferred.filter((name) => name.startsWith(host.naming.prefix)).length;
    const example = tools.find((tool) => tool.name.endsWith("tasks_wait")) ?? {
      name: deferred.find((name) => name.endsWith("tasks_wait")),
    };
    const written = `${"namespace" in example && example.namespace ? `${example.namespace} / ` : ""}${example.name}`;
    const how = named > 0 ? "by name; the model loads the schemas with ToolSearch" : "with their schemas";
    const when = late === 0 ? "from its first request on" : `from its request ${late + 1} on`;
    return {
      ms,
      seen: `${seen.tools.length} tools, ${how}, as \`${written}\`; ${when}; the instructions and, once, the rules reach the model`,
    };
  },
};
