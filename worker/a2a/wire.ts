import type { State } from "../../protocol/index.ts";

/** A2A 1.0 as it is on the wire (ProtoJSON: camelCase, enums by name). The object speaks it; the SDK turns it into 0.3 where asked. */
export type WireState =
  | "TASK_STATE_SUBMITTED"
  | "TASK_STATE_WORKING"
  | "TASK_STATE_COMPLETED"
  | "TASK_STATE_FAILED"
  | "TASK_STATE_CANCELED"
  | "TASK_STATE_INPUT_REQUIRED";

export type Metadata = Record<string, unknown>;

export interface WirePart {
  text?: string;
  /** Base64. */
  raw?: string;
  url?: string;
  data?: unknown;
  metadata?: Metadata;
  filename?: string;
  mediaType?: string;
}

export interface WireMessage {
  messageId: string;
  role: "ROLE_USER" | "ROLE_AGENT";
  parts: WirePart[];
  contextId?: string;
  taskId?: string;
  metadata?: Metadata;
  extensions?: string[];
  referenceTaskIds?: string[];
}

export interface WireStatus {
  state: WireState;
  message?: WireMessage;
  timestamp: string;
}

export interface WireArtifact {
  artifactId: string;
  parts: WirePart[];
  name?: string;
  description?: string;
  metadata?: Metadata;
}

export interface WireTask {
  id: string;
  contextId: string;
  status: WireStatus;
  artifacts?: WireArtifact[];
  history?: WireMessage[];
  metadata: Metadata;
}

export interface WireStatusUpdate {
  taskId: string;
  contextId: string;
  status: WireStatus;
  metadata: Metadata;
}

export interface WireArtifactUpdate {
  taskId: string;
  contextId: string;
  artifact: WireArtifact;
  lastChunk: true;
}

export type WireStreamResponse = { statusUpdate: WireStatusUpdate } | { artifactUpdate: WireArtifactUpdate };

export interface WirePushConfig {
  id: string;
  taskId: string;
  url: string;
  token?: string;
  authentication?: { scheme: string; credentials?: string };
}

/** Every state of the lifecycle as A2A sees it (interop §0). A failed job may be retried on the board; to A2A it is over. */
export const WIRE_STATES: Record<State, WireState> = {
  idea: "TASK_STATE_SUBMITTED",
  backlog: "TASK_STATE_SUBMITTED",
  pending: "TASK_STATE_SUBMITTED",
  claimed: "TASK_STATE_WORKING",
  review: "TASK_STATE_INPUT_REQUIRED",
  completed: "TASK_STATE_COMPLETED",
  failed: "TASK_STATE_FAILED",
  cancelled: "TASK_STATE_CANCELED",
};

/** Whether nothing follows: streams end here, and no message is taken any more (A2A 1.0 §4.1.3). */
export function isOver(state: State): boolean {
  return state === "completed" || state === "failed" || state === "cancelled";
}

/** Whether a blocking `SendMessage` answers now: over, or interrupted until somebody decides. */
export function isAtRest(state: State): boolean {
  return isOver(state) || state === "review";
}
