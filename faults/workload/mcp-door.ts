import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { type Door, PATIENCE_MS, type Told } from "./door.ts";
import { refusalOf } from "./session-door.ts";

const TOOLS: Readonly<Record<string, string>> = {
  "tasks/send": "tasks_send",
  "tasks/get": "tasks_get",
  "tasks/claim": "tasks_claim",
  "tasks/next": "tasks_next",
  "tasks/release": "tasks_release",
  "tasks/fail": "tasks_fail",
  "tasks/complete": "tasks_complete",
};

const CAMEL: Readonly<Record<string, string>> = { agent_id: "agentId", claim_id: "claimId", lease_seconds: "leaseSeconds" };

/**
 * A host with `coord mcp` as its child, through a real MCP client. A bridge that was killed is started again at the next call.
 * @param onBridge told the id of each bridge's process
 */
export function mcpDoor(program: string, url: string, handle: string, onBridge: (pid: number) => void): Door {
  let bridge: Promise<Client> | undefined;
  const connect = async () => {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [program, "mcp", "--as", handle, "--url", url],
      env: { ...process.env } as Record<string, string>,
      stderr: "ignore",
    });
    const client = new Client({ name: "claude-code", version: "1.0.0" });
    client.onclose = () => {
      bridge = undefined;
    };
    await client.connect(transport);
    onBridge(transport.pid!);
    return client;
  };
  return {
    methods: Object.keys(TOOLS),
    async call(method, params): Promise<Told> {
      try {
        bridge ??= connect();
        const client = await bridge;
        const args = Object.fromEntries(Object.entries(params).map(([name, value]) => [CAMEL[name] ?? name, value]));
        const answer = await client.callTool({ name: TOOLS[method]!, arguments: args }, { timeout: PATIENCE_MS + 10_000 });
        return meaning(method, answer.structuredContent as Record<string, unknown>, answer.isError === true);
      } catch {
        // the bridge is gone, or was before it had begun
        bridge = undefined;
        return "lost";
      }
    },
    async close() {
      const client = await bridge?.catch(() => undefined);
      await client?.close();
    },
  };
}

function meaning(method: string, told: Record<string, unknown>, isError: boolean): Told {
  if (isError) {
    const { code, message, reason, now } = told as { code: string; message: string; reason?: string; now?: Record<string, unknown> };
    return refusalOf({ message, data: { ...now, code, ...(reason ? { reason } : {}) } });
  }
  const task = (told.task as Record<string, unknown> | undefined) ?? null;
  return { ok: method === "tasks/complete" && task ? { task } : task };
}
