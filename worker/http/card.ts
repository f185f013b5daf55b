import { METHOD_NAMES, METHODS } from "../../protocol/index.ts";
import { VERSION } from "../version.ts";

/** `GET /.well-known/agent.json`: what this server can do today, and what it cannot. */
export function agentCard(origin: string) {
  return {
    name: "coord",
    version: VERSION,
    description:
      "A local coordinator for AI coding agents: a board with atomic, leased claims, waits that wake at once, and an append-only log. JSON-RPC 2.0 over HTTP and WebSocket.",
    url: `${origin}/`,
    capabilities: { streaming: false, pushNotifications: false, longPoll: true, leasedClaims: true, sessions: true },
    compatibility: {
      a2a: {
        version: "subset",
        notes: "tasks/send, tasks/get and tasks/cancel in coord's own shapes. The A2A 0.3 and 1.0 methods are not served yet.",
      },
    },
    defaultInputModes: ["application/json"],
    defaultOutputModes: ["application/json"],
    skills: METHOD_NAMES.map((name) => ({ id: name, name, description: METHODS[name].summary, tags: [name.split("/")[0]!] })),
  };
}
