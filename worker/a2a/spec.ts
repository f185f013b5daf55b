import { z } from "zod";
import { EXTENSION_METHODS } from "./methods.ts";

/** The text behind the extension's URI (`GET /ext/work-queue/v1`), in markdown; made from the schemas, so that it says what is checked. */
export function specText(uri: string): string {
  const methods = Object.entries(EXTENSION_METHODS).map(([name, { summary, params, result }]) => {
    const { properties = {}, required = [] } = z.toJSONSchema(params, { io: "input", unrepresentable: "any" }) as JsonObject;
    const lines = Object.entries(properties).map(([field, schema]) => {
      const about = [
        typeOf(schema),
        required.includes(field) ? "required" : "optional",
        ...(schema.description ? [schema.description] : []),
      ];
      return `- \`${field}\` (${about.slice(0, 2).join(", ")})${about[2] ? `: ${about[2]}` : ""}`;
    });
    return [`### ${name}`, "", summary, "", ...(lines.length > 0 ? lines : ["No parameters."]), "", `Result: ${result}.`].join("\n");
  });
  return `${HEAD.replaceAll("{uri}", uri)}\n${methods.join("\n\n")}\n`;
}

interface JsonObject {
  readonly properties?: Record<string, { type?: string; enum?: unknown[]; description?: string }>;
  readonly required?: readonly string[];
}

function typeOf({ type, enum: words }: { type?: string; enum?: unknown[] }): string {
  return words ? words.map((word) => JSON.stringify(word)).join(" or ") : (type ?? "any JSON");
}

const HEAD = `# Work queue: an A2A extension

URI: \`{uri}\` (the address of this text on the server that was asked; the path \`/ext/work-queue/v1\` names the version)

A coord board is a queue of jobs that many agents share. A2A has the half of whoever posts a job and follows it; this extension has
the other half: agents that register, claim a job under a lease, renew it, and complete, fail or release it.

## Activation

Name the URI in the request's \`A2A-Extensions\` header (0.3: \`X-A2A-Extensions\`); the answer's header repeats it. Without it the methods
below are answered -32601. The core methods work the same with and without it.

## Data

Tasks carry, in \`metadata["{uri}"]\`: \`number\`, \`name\`, \`state\` (idea, backlog, pending, claimed, review, completed, failed, cancelled), \`kind\`,
\`priority\`, \`performer\`, \`assignee\`, \`labels\`, \`review\`, \`dependsOn\`, \`held\`, \`createdBy\`, \`claimedBy\`, \`attempt\`, \`rev\`, \`leaseExpiresAt\`. Status
updates carry \`event\`, \`seq\` (the place in the board's log), \`state\`, \`attempt\`, \`claimedBy\`, \`agentId\`. No state is added to A2A's: idea, backlog
and pending are SUBMITTED, claimed WORKING, review INPUT_REQUIRED, failed FAILED, cancelled CANCELED.

## Options of SendMessage

In \`params.metadata["{uri}"]\`, or the message's own metadata:

- \`agentId\`: under which handle the client speaks (default \`a2a\`)
- for a new job: \`name\`, \`kind\`, \`priority\` (urgent, high, normal, low), \`labels\`, \`dependsOn\` (task ids), \`assignee\`, \`performer\` (agent or user),
  \`review\` (none or required), \`requiredApprovals\`, \`state\` (backlog: not to be claimed yet)
- for a task in review: \`decision\` (approve, request_changes, comment), and \`attempt\` to decide on that one only. A request for
  changes needs a text; the task goes on, SUBMITTED again. A message without a decision is a comment.

An unknown option is refused (-32602). \`CancelTask\` takes \`agentId\` and \`reason\` in its metadata.

## Errors

Beside A2A's: a conflict, such as a job that another agent holds, is -31001; \`data[0].reason\` says which (ALREADY_CLAIMED, HELD,
NOT_CLAIMABLE, NOT_HELD, STALE_CLAIM, TERMINAL, WRONG_STATE, SELF_REVIEW, …), \`data[0].domain\` is \`coord\`, and \`data[0].metadata\` has what is true now.

## Methods
`;
