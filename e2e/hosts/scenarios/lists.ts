import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { cleanEnv, PROGRAM } from "../../../tests/harness/server.ts";
import type { Policy } from "../model/policy.ts";
import type { Agent } from "../stage.ts";
import type { Greeting } from "../tap.ts";
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

const INSTRUCTIONS = "coord is the board that this machine's agents share";
const ALSO = ["subscriptions/listen", "resources/list", "prompts/list"];
/** The heading of what coord writes into AGENTS.md. */
const RULES = "## Working beside other agents: coord";

/** The configuration that `coord init` wrote is loaded: every tool reaches the model, and so do the server's instructions and the rules file. */
export const lists: Scenario = {
  name: "lists",
  title: "loads what `coord init` wrote and lists the tools",
  async run(stage, host) {
    const expected = await everyTool(stage.server.url);
    const policy: Policy = ({ calls }) => (calls.length === 0 ? { call: "checkin" } : { say: "seen" });
    const { agent, seen, ms, greeting } = await play(stage, host, "lists", () => policy, { tapped: true });
    const missing = expected.filter((tool) => !seen.tools.includes(tool));
    check(`all ${expected.length} tools reach the model`, missing.length === 0 && seen.tools.length === expected.length, seen.tools);
    const named = agent.mind.exchanges.flatMap(({ turn }) => turn.deferred.filter((tool) => tool.startsWith(host.naming.prefix)));
    check("with their schemas, so that the model need not search for them", named.length === 0, named);
    check("coord's instructions reach the model", seen.told.includes(INSTRUCTIONS), "no instructions");
    const rules = seen.told.split(RULES).length - 1;
    check("the rules of AGENTS.md reach the model, once", rules === 1, `${rules} times`);
    check("the host starts `coord mcp`", greeting !== undefined, "nothing was said to it");
    check("and asks it for its tools", greeting.methods.includes("tools/list"), greeting.methods);
    const parts = [era(greeting), `${seen.tools.length} tools ${offer(agent)}`, "the instructions and, once, the rules reach the model"];
    return { ms, seen: parts.join("; ") };
  },
};

function era({ revision, client, methods }: Greeting): string {
  const also = methods.filter((method) => ALSO.includes(method)).map((method) => `\`${method}\``);
  return `MCP ${revision} as \`${client}\`${also.length === 0 ? "" : `, with ${also.join(", ")}`}`;
}

/** How the tools come to the model. */
function offer({ host, mind: { exchanges } }: Agent): string {
  const { tools } = exchanges.at(-1)!.turn;
  const example = tools.find(({ name }) => name === `${host.naming.prefix}tasks_wait`);
  const name = example?.namespace === undefined ? example?.name : `${example.namespace}\` / \`${example.name}`;
  const first = exchanges.findIndex((exchange) => exchange.seen.tools.length > 0) + 1;
  return `as \`${name}\`, from its ${first === 1 ? "first request" : `request ${first}`} on`;
}
