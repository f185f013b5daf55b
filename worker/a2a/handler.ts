import {
  AgentCard,
  type CancelTaskRequest,
  type DeleteTaskPushNotificationConfigRequest,
  type GetTaskPushNotificationConfigRequest,
  type GetTaskRequest,
  type ListTaskPushNotificationConfigsRequest,
  ListTaskPushNotificationConfigsResponse,
  type ListTasksRequest,
  ListTasksResponse,
  type SendMessageRequest,
  StreamResponse,
  type SubscribeToTaskRequest,
  Task,
  TaskPushNotificationConfig,
  TaskState,
  taskStateToJSON,
} from "@a2a-js/sdk";
import type { A2ARequestHandler } from "@a2a-js/sdk/server";
import { logFailure } from "../log.ts";
import type { Viewed } from "./board/commands.ts";
import { checkConfig, checkHistoryLength, checkList, checkMetadata, checkSend, required } from "./check.ts";
import { Fault, fault, internalFault, malformed } from "./fault.ts";
import type { Calls } from "./follow.ts";
import type { NewPushConfig } from "./push/configs.ts";
import { isAtRest, isOver, type Metadata, type WireState } from "./wire.ts";

/** The circumstances of one request. */
export interface Circumstances {
  readonly calls: Calls;
  /** Key of coord's metadata in answers: the extension's URI as this client knows it. */
  readonly uri: string;
  readonly wire: "1.0" | "0.3";
  /** Whether webhooks are this machine's own. */
  readonly local: boolean;
  card(extended: boolean): Promise<Record<string, unknown>>;
}

/**
 * A2A's twelve operations over the board (the SDK's server core calls them for 1.0 and 0.3 alike). It keeps nothing: every answer is read
 * from the object, so any number of workers give the same.
 */
export class BoardHandler implements A2ARequestHandler {
  readonly #around: Circumstances;
  /** What was refused, as it leaves: the SDK's own mapping would lose its details. */
  refused: Fault | undefined;

  constructor(around: Circumstances) {
    this.#around = around;
  }

  async getAgentCard(): Promise<AgentCard> {
    return AgentCard.fromJSON(await this.#around.card(false));
  }

  getAuthenticatedExtendedAgentCard(): Promise<AgentCard> {
    return this.#answer(async () => AgentCard.fromJSON(await this.#around.card(true)));
  }

  /** Blocks until the task is over or in review, for as long as the client stays; with `returnImmediately`, answers at once. */
  sendMessage(params: SendMessageRequest): Promise<Task> {
    return this.#answer(async () => {
      const { taskId } = await this.#send(params);
      const { historyLength, returnImmediately } = params.configuration ?? {};
      let seen = await this.#view(taskId, historyLength);
      while (returnImmediately !== true && !isAtRest(seen.state)) {
        // let go of: the server is stopping; the client hears how far it came
        if (!(await this.#around.calls.news(taskId, seen.cursor))) break;
        seen = await this.#view(taskId, historyLength);
      }
      return Task.fromJSON(seen.task);
    });
  }

  sendMessageStream(params: SendMessageRequest): AsyncGenerator<StreamResponse, void, undefined> {
    return this.#stream(async () => {
      const { taskId } = await this.#send(params);
      return this.#view(taskId, params.configuration?.historyLength);
    });
  }

  resubscribe(params: SubscribeToTaskRequest): AsyncGenerator<StreamResponse, void, undefined> {
    return this.#stream(async () => {
      required("id", params.id);
      const seen = await this.#view(params.id);
      if (isOver(seen.state))
        throw fault("UNSUPPORTED_OPERATION", `task ${params.id} is ${seen.state}: nothing follows`, { taskId: params.id });
      return seen;
    });
  }

  getTask(params: GetTaskRequest): Promise<Task> {
    return this.#answer(async () => {
      required("id", params.id);
      checkHistoryLength(params);
      return Task.fromJSON((await this.#view(params.id, params.historyLength)).task);
    });
  }

  listTasks(params: ListTasksRequest): Promise<ListTasksResponse> {
    return this.#answer(async () => {
      checkList(params);
      const { contextId, status, statusTimestampAfter, pageSize, pageToken, historyLength, includeArtifacts } = params;
      const listed = await this.#around.calls.a2a("list", {
        uri: this.#around.uri,
        pageSize: pageSize ?? 50,
        includeArtifacts: includeArtifacts === true,
        ...(contextId === "" ? {} : { contextId }),
        ...(status === TaskState.TASK_STATE_UNSPECIFIED ? {} : { status: taskStateToJSON(status) as WireState }),
        ...(statusTimestampAfter === undefined ? {} : { statusAfter: Date.parse(statusTimestampAfter) }),
        ...(pageToken === "" ? {} : { pageToken }),
        ...(historyLength === undefined ? {} : { historyLength }),
      });
      return ListTasksResponse.fromJSON(listed);
    });
  }

  cancelTask(params: CancelTaskRequest): Promise<Task> {
    return this.#answer(async () => {
      required("id", params.id);
      const given = params.metadata ? { metadata: params.metadata as Metadata } : {};
      checkMetadata(params);
      await this.#around.calls.a2a("cancel", { id: params.id, ...given }, "TASK_NOT_CANCELABLE");
      return Task.fromJSON((await this.#view(params.id)).task);
    });
  }

  createTaskPushNotificationConfig(params: TaskPushNotificationConfig): Promise<TaskPushNotificationConfig> {
    return this.#answer(async () => {
      required("taskId", params.taskId);
      checkConfig(params, this.#around.local);
      const config = await this.#around.calls.a2a("push_create", { taskId: params.taskId, config: this.#webhook(params) });
      return TaskPushNotificationConfig.fromJSON(config);
    });
  }

  getTaskPushNotificationConfig(params: GetTaskPushNotificationConfigRequest): Promise<TaskPushNotificationConfig> {
    return this.#answer(async () => {
      required("taskId", params.taskId);
      // 0.3 asks for a task's config without naming it
      if (this.#around.wire === "1.0") required("id", params.id);
      if (params.id !== "") required("id", params.id);
      const named = params.id === "" ? {} : { id: params.id };
      return TaskPushNotificationConfig.fromJSON(await this.#around.calls.a2a("push_get", { taskId: params.taskId, ...named }));
    });
  }

  listTaskPushNotificationConfigs(params: ListTaskPushNotificationConfigsRequest): Promise<ListTaskPushNotificationConfigsResponse> {
    return this.#answer(async () => {
      required("taskId", params.taskId);
      if (params.pageToken !== "") required("pageToken", params.pageToken);
      const pageSize = Number.isInteger(params.pageSize) && params.pageSize > 0 ? Math.min(params.pageSize, 100) : 50;
      const { taskId, pageToken } = params;
      return ListTaskPushNotificationConfigsResponse.fromJSON(await this.#around.calls.a2a("push_list", { taskId, pageSize, pageToken }));
    });
  }

  deleteTaskPushNotificationConfig(params: DeleteTaskPushNotificationConfigRequest): Promise<void> {
    return this.#answer(async () => {
      required("taskId", params.taskId);
      required("id", params.id);
      await this.#around.calls.a2a("push_delete", { taskId: params.taskId, id: params.id });
    });
  }

  #view(id: string, historyLength?: number): Promise<Viewed> {
    return this.#around.calls.a2a("view", { id, uri: this.#around.uri, ...(historyLength === undefined ? {} : { historyLength }) });
  }

  #send(params: SendMessageRequest) {
    const message = checkSend(params);
    const { configuration, metadata } = params;
    const push = configuration?.taskPushNotificationConfig;
    if (push) checkConfig(push, this.#around.local, "configuration.taskPushNotificationConfig.");
    return this.#around.calls.a2a(
      "send",
      {
        message,
        ...(metadata ? { metadata: metadata as Metadata } : {}),
        ...(push ? { push: this.#webhook(push) } : {}),
      },
      "UNSUPPORTED_OPERATION",
    );
  }

  #webhook({ id, url, token, authentication }: TaskPushNotificationConfig): NewPushConfig {
    return {
      url,
      wire: this.#around.wire,
      uri: this.#around.uri,
      ...(id === "" ? {} : { id }),
      ...(token === "" ? {} : { token }),
      ...(authentication ? { scheme: authentication.scheme, credentials: authentication.credentials } : {}),
    };
  }

  /** The task as it is, then what happens to it, until it is over; the log's order, the same for everybody who follows it. */
  async *#stream(begin: () => Promise<Viewed>): AsyncGenerator<StreamResponse, void, undefined> {
    const { calls, uri } = this.#around;
    const first = await this.#answer(begin);
    yield StreamResponse.fromJSON({ task: first.task });
    const { id } = first.task;
    let { state, cursor } = first;
    while (!isOver(state)) {
      if (!(await this.#answer(() => calls.news(id, cursor)))) return;
      const read = await this.#answer(() => calls.a2a("updates", { id, uri, after: cursor }));
      for (const update of read.updates) {
        for (const response of update.responses) yield StreamResponse.fromJSON(response);
        state = update.state;
        if (isOver(state)) return;
      }
      cursor = read.cursor;
    }
  }

  /** Runs an operation; what it refuses is kept for the answer, and what it throws otherwise is a bug, logged. */
  async #answer<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof Fault)) logFailure(error, { a2a: true });
      this.refused = error instanceof Fault ? error : internalFault();
      throw this.refused;
    }
  }
}

/** No tenants: a workspace has its own address. */
export function checkTenant(params: unknown): void {
  const tenant = typeof params === "object" && params !== null ? (params as { tenant?: unknown }).tenant : undefined;
  if (tenant !== undefined && tenant !== null && tenant !== "")
    throw malformed("there are no tenants here; another workspace is at /w/<workspace>/a2a", [
      { field: "tenant", description: "must be empty" },
    ]);
}
