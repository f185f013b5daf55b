import type { Schema, Tool } from "./tools/definition.ts";

/**
 * A tool as `tools/list` shows it: plain JSON Schema, and nothing that says nothing.
 * @param longestWait the longest that a call may block on this host, in seconds
 * @param areKept whether leases are extended for the agents
 */
export function listed(tool: Tool, longestWait: number, areKept = true) {
  const { timeout_s } = tool.input;
  const properties: Record<string, Schema> = timeout_s
    ? { ...tool.input, timeout_s: { ...timeout_s, description: `${timeout_s.description}, at most ${longestWait}` } }
    : { ...tool.input };
  return {
    name: tool.name,
    description: areKept ? tool.description : (tool.unkept ?? tool.description),
    inputSchema: { type: "object" as const, properties, ...(tool.required ? { required: [...tool.required] } : {}) },
    outputSchema: { type: "object" as const, properties: { ...tool.output } },
    annotations: { ...tool.annotations },
  };
}
