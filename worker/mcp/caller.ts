import type { Identity } from "../../mcp/instructions.ts";
import { AgentId, LIMITS, refuse } from "../../protocol/index.ts";
import { refusalResponse } from "../http/refusal.ts";

/** Header by which a host's configuration says under which handle its tools act. */
export const AGENT_HEADER = "x-coord-agent";
/** Header of the older era's sessions (MCP 2025-11-25, Streamable HTTP, Session Management). */
export const SESSION_HEADER = "mcp-session-id";

const CLIENT_INFO = "io.modelcontextprotocol/clientInfo";
const NAMELESS = "mcp-client";

/** What is known about whoever sent a request. */
export interface HttpCaller {
  readonly identity: Identity;
  /** The host's `clientInfo.name`. */
  readonly host: string | undefined;
  /** Names the client among others, where the older era has given it a session. */
  readonly session: string | undefined;
}

/**
 * Who calls: the handle of the header, else one made from the host's name. Since 2026-07-28 every request names its host; before,
 * only the handshake does, so that a session's id carries it on: nothing is kept between requests.
 */
export function callerOf(headers: Headers, body: unknown): HttpCaller | { refused: Response } {
  const session = headers.get(SESSION_HEADER) ?? undefined;
  const host = hostIn(body) ?? (session === undefined ? undefined : hostOfSession(session));
  const named = headers.get(AGENT_HEADER);
  if (named === null) return { identity: { handle: handleOf(host), isShared: true }, host, session };
  const parsed = AgentId.safeParse(named);
  if (parsed.success) return { identity: { handle: parsed.data }, host, session };
  const { value, unit } = LIMITS.agent_id_chars;
  return {
    refused: refusalResponse(
      refuse("invalid_params", `the header ${AGENT_HEADER} is not a handle`, {
        issues: [{ path: AGENT_HEADER, message: `1 to ${value} ${unit}, as harbor-lynx` }],
      }),
    ),
  };
}

/** A session's id for a client that shakes hands: unlike any other, and its host's name in it. */
export function newSession(host: string | undefined): string {
  const name = new TextEncoder().encode((host ?? "").slice(0, 128));
  return `${crypto.randomUUID()}.${btoa(String.fromCharCode(...name)).replace(/=+$/, "")}`;
}

function hostOfSession(session: string): string | undefined {
  const [, name] = session.split(".", 2);
  if (!name) return undefined;
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(name), (char) => char.charCodeAt(0)));
  } catch {
    return undefined; // not one of ours: another server's, or made up
  }
}

function hostIn(body: unknown): string | undefined {
  const { params } = record(body);
  const { _meta, clientInfo } = record(params);
  const { name } = record(record(_meta)[CLIENT_INFO] ?? clientInfo);
  return typeof name === "string" && name !== "" ? name : undefined;
}

function handleOf(host: string | undefined): string {
  const words = (host ?? "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 60);
  return words.replace(/^-+|-+$/g, "") || NAMELESS;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
