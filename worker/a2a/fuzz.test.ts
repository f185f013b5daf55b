import fc from "fast-check";
import { expect, it } from "vitest";
import { EXTENSION_METHOD_NAMES } from "./methods.ts";
import { A2ABoard, URI } from "./testing.ts";

/** Whatever stands where something else belongs. */
const junk = fc.oneof(
  fc.constantFrom(
    null,
    true,
    0,
    -1,
    1.5,
    1e21,
    "",
    " ",
    "x",
    "#1",
    "#0",
    "\0",
    "\ud800",
    "null",
    [],
    {},
    [[]],
    { $case: "text" },
    "ROLE_USER",
    "user",
  ),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.integer(),
  fc.array(fc.constantFrom(null, 1, "x", {}), { maxLength: 3 }),
);

const part = fc.record(
  {
    text: junk,
    raw: junk,
    url: junk,
    data: junk,
    kind: fc.constantFrom("text", "data", "file", 7),
    file: fc.record({ bytes: junk, uri: junk }, { requiredKeys: [] }),
    metadata: junk,
    filename: junk,
  },
  { requiredKeys: [] },
);
const message = fc.record(
  {
    kind: fc.constantFrom("message", junk),
    messageId: fc.oneof(fc.uuid(), junk),
    role: fc.oneof(fc.constantFrom("ROLE_USER", "user"), junk),
    parts: fc.oneof(fc.array(fc.oneof(part, junk), { maxLength: 3 }), junk),
    taskId: junk,
    contextId: junk,
    metadata: fc.oneof(fc.record({ [URI]: junk }), junk),
    extensions: junk,
    referenceTaskIds: junk,
  },
  { requiredKeys: [] },
);
const webhook = fc.record(
  {
    url: fc.oneof(fc.constant("http://127.0.0.1:9/"), junk),
    token: junk,
    id: junk,
    authentication: fc.oneof(fc.record({ scheme: junk, schemes: junk, credentials: junk }), junk),
  },
  { requiredKeys: [] },
);
const params = fc.oneof(
  fc.record(
    {
      message: fc.oneof(message, junk),
      // never blocking: the property is about answers
      configuration: fc
        .record({ returnImmediately: fc.constant(true), blocking: fc.constant(false) })
        .chain((fixed) =>
          fc
            .record(
              { historyLength: junk, taskPushNotificationConfig: fc.oneof(webhook, junk), pushNotificationConfig: fc.oneof(webhook, junk) },
              { requiredKeys: [] },
            )
            .map((more) => ({ ...more, ...fixed })),
        ),
      metadata: fc.oneof(
        fc.record({
          [URI]: fc.oneof(
            fc.record(
              { priority: junk, kind: junk, labels: junk, agentId: junk, decision: junk, state: junk, dependsOn: junk },
              { requiredKeys: [] },
            ),
            junk,
          ),
        }),
        junk,
      ),
      id: junk,
      taskId: junk,
      url: junk,
      token: junk,
      tenant: fc.constantFrom("", undefined, 7),
      historyLength: junk,
      pageSize: junk,
      pageToken: junk,
      status: junk,
      statusTimestampAfter: junk,
      contextId: junk,
      includeArtifacts: junk,
      pushNotificationConfig: fc.oneof(webhook, junk),
      pushNotificationConfigId: junk,
      agentId: junk,
      claimId: junk,
      filter: junk,
      leaseSeconds: junk,
      reason: junk,
      result: junk,
      parts: fc.array(fc.oneof(part, junk), { maxLength: 2 }),
    },
    { requiredKeys: ["configuration"] },
  ),
  junk,
);

const NEW = [
  "SendMessage",
  "GetTask",
  "ListTasks",
  "CancelTask",
  "CreateTaskPushNotificationConfig",
  "GetTaskPushNotificationConfig",
  "ListTaskPushNotificationConfigs",
  "DeleteTaskPushNotificationConfig",
  "GetExtendedAgentCard",
  ...EXTENSION_METHOD_NAMES,
];
const OLD = [
  "message/send",
  "tasks/get",
  "tasks/cancel",
  "agent/getAuthenticatedExtendedCard",
  ...["set", "get", "list", "delete"].map((name) => `tasks/pushNotificationConfig/${name}`),
];

it("whatever is sent, the answer is a result or a refusal that says what is wrong; never a bug", async () => {
  const a2a = new A2ABoard();
  await a2a.post("there is one task", { review: "required" });
  const call = fc.oneof(
    fc.record({ version: fc.constant("1.0"), method: fc.constantFrom(...NEW), params }),
    fc.record({ version: fc.constant(""), method: fc.constantFrom(...OLD), params }),
  );
  await fc.assert(
    fc.asyncProperty(call, async ({ version, method, params }) => {
      // a job that came of it must not keep the next message waiting
      const safe =
        method.endsWith("end") || method === "SendMessage"
          ? {
              ...(params as object),
              configuration: {
                ...((params as { configuration?: object } | null)?.configuration ?? {}),
                returnImmediately: true,
                blocking: false,
              },
            }
          : params;
      const { status, body } = await a2a.ask(method, safe, { version, extensions: URI });
      expect(status).toBe(200);
      if (!body.error) return;
      expect([body.error.code, body.error.message], JSON.stringify([method, safe])).not.toEqual([-32603, expect.anything()]);
    }),
    { numRuns: 600 },
  );
  await a2a.board.waiting(0);
}, 60_000);
