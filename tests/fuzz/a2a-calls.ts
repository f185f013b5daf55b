import fc from "fast-check";

/** The work-queue extension's URI, as a client that was told another of the server's names has it. */
export const EXTENSION = "http://127.0.0.1:7777/ext/work-queue/v1";

/** The extension's methods; worker/a2a/fuzz.test.ts holds the list to the worker's own. */
export const EXTENSION_CALLS = "RegisterAgent Heartbeat ListAgents ClaimTask NextTask RenewLease CompleteTask FailTask ReleaseTask"
  .split(" ")
  .map((name) => `coord/${name}`);

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
    metadata: fc.oneof(fc.record({ [EXTENSION]: junk }), junk),
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
/** Parameters of any of its methods, right and wrong; never such that the answer waits for work. */
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
          [EXTENSION]: fc.oneof(
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
  ...EXTENSION_CALLS,
];
const OLD = [
  "message/send",
  "tasks/get",
  "tasks/cancel",
  "agent/getAuthenticatedExtendedCard",
  ...["set", "get", "list", "delete"].map((name) => `tasks/pushNotificationConfig/${name}`),
];

export interface A2ACall {
  readonly version: "1.0" | "";
  readonly method: string;
  readonly params: unknown;
}

/** A call of either version. A message never asks for an answer that waits for work: what is looked at is the answer. */
export const a2aCall: fc.Arbitrary<A2ACall> = fc
  .oneof(
    fc.record({ version: fc.constant("1.0" as const), method: fc.constantFrom(...NEW), params }),
    fc.record({ version: fc.constant("" as const), method: fc.constantFrom(...OLD), params }),
  )
  .map((call) => {
    if (!/send$|^Send/i.test(call.method)) return call;
    const { configuration, ...rest } = (call.params ?? {}) as { configuration?: object };
    return { ...call, params: { ...rest, configuration: { ...configuration, returnImmediately: true, blocking: false } } };
  });

/** Those whose answer is a stream. */
export const STREAMS: readonly A2ACall["method"][] = ["SendStreamingMessage", "SubscribeToTask", "message/stream", "tasks/resubscribe"];
