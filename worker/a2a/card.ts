import { METHOD_NAMES, METHODS } from "../../protocol/index.ts";
import { VERSION } from "../version.ts";
import { EXTENSION_METHOD_NAMES } from "./methods.ts";
import { extensionUri } from "./uri.ts";

export interface CardFacts {
  /** Of the server as the client reached it, such as http://127.0.0.1:7777. */
  readonly origin: string;
  /** "" for the default workspace, else /w/<workspace>. */
  readonly base: string;
  /** Whether callers must show a token. */
  readonly token: boolean;
  /** Whether requests that do not activate the work-queue extension are refused. */
  readonly extensionRequired: boolean;
}

const MODES = ["text/plain", "application/json"];

/**
 * One card that 1.0 and 0.3 clients both accept: 1.0's fields, and beside them 0.3's `protocolVersion`, `url`, `preferredTransport`,
 * `security`. A security scheme is written in both shapes at once; each side reads the fields it knows.
 */
export function agentCard({ origin, base, token, extensionRequired }: CardFacts): Record<string, unknown> {
  const url = `${origin}${base}/a2a`;
  const uri = extensionUri(origin);
  const security = {
    securitySchemes: { token: { type: "http", scheme: "bearer", httpAuthSecurityScheme: { scheme: "Bearer" } } },
    securityRequirements: [{ schemes: { token: { list: [] } } }],
    security: [{ token: [] }],
  };
  return {
    name: "coord",
    version: VERSION,
    description:
      "A coordinator for AI coding agents: a board of jobs with atomic, leased claims, reviews and an append-only log. A message posts a job; whoever claims and completes it makes the task WORKING and COMPLETED. Send returnImmediately or stream: a job may take long.",
    documentationUrl: uri,
    supportedInterfaces: [
      { url, protocolBinding: "JSONRPC", protocolVersion: "1.0" },
      { url, protocolBinding: "JSONRPC", protocolVersion: "0.3" },
    ],
    protocolVersion: "0.3.0",
    url,
    preferredTransport: "JSONRPC",
    additionalInterfaces: [{ url, transport: "JSONRPC" }],
    capabilities: {
      streaming: true,
      pushNotifications: true,
      extendedAgentCard: true,
      stateTransitionHistory: true,
      extensions: [
        {
          uri,
          description:
            "Workers register, claim, renew, complete, fail and release queued jobs; jobs take priority, labels, dependencies and reviews.",
          required: extensionRequired,
          params: { methods: EXTENSION_METHOD_NAMES },
        },
      ],
    },
    supportsAuthenticatedExtendedCard: true,
    ...(token ? security : {}),
    defaultInputModes: MODES,
    defaultOutputModes: MODES,
    skills: SKILLS,
  };
}

/** The card for whoever may call: with coord's own methods, as skills of the server. */
export function extendedCard(facts: CardFacts): Record<string, unknown> {
  const own = METHOD_NAMES.map((name) => ({
    id: name,
    name,
    description: `${METHODS[name].summary} (coord's own JSON-RPC at ${facts.origin}${facts.base}/)`,
    tags: ["json-rpc", name.split("/")[0]!],
  }));
  return { ...agentCard(facts), skills: [...SKILLS, ...own] };
}

const SKILLS = [
  {
    id: "post-job",
    name: "Post a job",
    description:
      "Puts a job on the board: the first line of the message is its name, the message its description, other parts its payload.",
    tags: ["queue", "jobs"],
    examples: ["Fix the flaky login test\n\nIt fails one time in ten on CI."],
  },
  {
    id: "follow-job",
    name: "Follow a job",
    description: "Streams or pushes every move of a job, whichever way it was posted: claimed, noted on, handed in, reviewed, done.",
    tags: ["queue", "stream", "webhook"],
  },
  {
    id: "review-job",
    name: "Review a job",
    description: "Approves finished work or asks for changes; the same task then goes on with the next attempt.",
    tags: ["review"],
  },
  {
    id: "work-queue",
    name: "Work on the queue",
    description: "Registers agents and lets them claim, renew, complete, fail and release jobs, by the work-queue extension.",
    tags: ["queue", "workers", "extension"],
  },
];

/** `GET /.well-known/agent-card.json`: with an ETag; 304 where the client has it already. */
export async function cardResponse(card: Record<string, unknown>, ifNoneMatch: string | undefined): Promise<Response> {
  const body = JSON.stringify(card);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body)));
  const etag = `"${[...hash.slice(0, 12)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}"`;
  const headers = { etag, "cache-control": "public, max-age=300", vary: "Host" };
  const known = (ifNoneMatch ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  if (known.includes(etag) || known.includes("*")) return new Response(null, { status: 304, headers });
  return new Response(body, { headers: { ...headers, "content-type": "application/json" } });
}
