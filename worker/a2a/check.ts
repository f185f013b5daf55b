import { type ListTasksRequest, Message, type SendMessageRequest, type TaskPushNotificationConfig, TaskState } from "@a2a-js/sdk";
import { z } from "zod";
import { LIMITS } from "../../protocol/index.ts";
import { malformed } from "./fault.ts";
import { webhookProblem } from "./push/address.ts";
import type { WireMessage } from "./wire.ts";

/**
 * What the SDK reads without a word (it turns a missing id into "" and an unknown enum into -1) is looked at here, for 1.0 and 0.3 alike,
 * since both come as the SDK's own objects.
 */
const text = (field: string) => z.string(`${field} is required`).min(1, `${field} is required`);
const count = (least: number, most: number) =>
  z.int(`a whole number`).min(least, `at least ${least}`).max(most, `at most ${most}`).optional();
const historyLength = count(0, Number.MAX_SAFE_INTEGER);

const Words = z.array(z.string("a text")).optional();
const Metadata = z.record(z.string(), z.unknown(), "an object").optional();

const Part = z
  .looseObject({
    text: z.string("a text").optional(),
    raw: z.string("base64").optional(),
    url: z.string("a text").optional(),
    filename: z.string("a text").optional(),
    mediaType: z.string("a text").optional(),
    metadata: Metadata,
  })
  .refine(
    (part) => [part.text, part.raw, part.url, part.data].filter((one) => one !== undefined).length === 1,
    "exactly one of text, raw, url, data",
  );

/** A message as the SDK writes it: what it read in passing is looked at once more here. */
const MessageJson = z.looseObject({
  messageId: text("messageId").max(512, "at most 512 characters"),
  role: z.enum(["ROLE_USER", "ROLE_AGENT"], "ROLE_USER or ROLE_AGENT"),
  parts: z.array(Part, "at least one part").min(1, "at least one part"),
  contextId: z.string("a text").max(512, "at most 512 characters").optional(),
  taskId: z.string("a text").optional(),
  metadata: Metadata,
  extensions: Words,
  referenceTaskIds: Words,
});

const List = z.looseObject({
  status: z.enum(TaskState, "a TaskState").refine((state) => state !== TaskState.UNRECOGNIZED, "a TaskState"),
  pageSize: count(1, 100),
  historyLength,
  statusTimestampAfter: z
    .string()
    .refine((time) => !Number.isNaN(Date.parse(time)), "a time such as 2026-01-02T03:04:05.678Z")
    .optional(),
});

const headerText = /^[\x20-\x7e]*$/;
const secret = z
  .string()
  .max(LIMITS.push_secret_chars.value, `over the limit push_secret_chars: at most ${LIMITS.push_secret_chars.value} characters`)
  .regex(headerText, "printable ASCII, since it goes into a header");

const Config = z.looseObject({
  url: text("url"),
  id: z.string().max(128, "at most 128 characters"),
  token: secret,
  authentication: z
    .looseObject({ scheme: z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "a scheme such as Bearer"), credentials: secret })
    .optional(),
});

/** The message of a request, as it goes to the board. */
export function checkSend({ message, configuration, metadata }: SendMessageRequest): WireMessage {
  if (!message) throw malformed("message is required", [{ field: "message", description: "required" }]);
  checkMetadata({ metadata });
  if (configuration) check(z.looseObject({ historyLength }), configuration, "configuration.");
  let written: unknown;
  try {
    written = Message.toJSON(message);
  } catch {
    throw malformed("the message cannot be read", [{ field: "message", description: "a Message" }]);
  }
  check(MessageJson, written, "message.");
  return written as WireMessage;
}

export function checkMetadata(params: { metadata?: unknown }): void {
  check(z.looseObject({ metadata: Metadata }), params);
}

export function checkList(params: ListTasksRequest): void {
  check(List, params);
}

export function checkHistoryLength(params: { historyLength?: number | undefined }): void {
  check(z.looseObject({ historyLength }), params);
}

/** @param local whether this server calls webhooks on this machine, or public ones */
export function checkConfig(config: TaskPushNotificationConfig, local: boolean, field = ""): void {
  check(Config, config, field);
  required(`${field}url`, config.url);
  const problem = webhookProblem(config.url, local);
  if (problem) throw malformed(`the webhook's URL is refused: ${problem}`, [{ field: `${field}url`, description: problem }]);
}

/** Ids come as they were sent in 0.3, where nothing has looked at them yet. */
export function required(name: string, value: unknown): void {
  if (typeof value !== "string" || value === "") throw malformed(`${name} is required`, [{ field: name, description: "required" }]);
}

function check(schema: z.ZodType, value: unknown, prefix = ""): void {
  const parsed = schema.safeParse(value);
  if (parsed.success) return;
  const violations = parsed.error.issues.map((issue) => ({
    field: prefix + issue.path.join("."),
    description: issue.message,
  }));
  throw malformed(`${violations[0]!.field}: ${violations[0]!.description}`, violations);
}
