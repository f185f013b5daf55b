import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LIMITS } from "../../protocol/index.ts";
import { A2ABoard, message } from "./testing.ts";
import type { WirePushConfig, WireTask } from "./wire.ts";

const HOOK = "http://127.0.0.1:9/hook";
const DEPLOYED = { COORD_TOKEN: "t" };
const AS = { bindings: DEPLOYED, headers: { authorization: "Bearer t" } };

// what is delivered is courier.test.ts's and tests/a2a's; here every webhook is content
beforeEach(() => {
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response());
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("the push configs of a task", () => {
  it("are created, got, listed in pages and deleted", async () => {
    const a2a = new A2ABoard();
    const { id: taskId } = await a2a.post("job");
    const given = { url: HOOK, token: "tok", authentication: { scheme: "Bearer", credentials: "secret" } };
    const made = await a2a.webhook(taskId, given);
    expect(made).toEqual({ ...given, id: expect.stringMatching(/^[0-9a-f-]{36}$/), taskId });
    const own = await a2a.webhook(taskId, { id: "mine", url: HOOK });
    expect(own.id).toBe("mine");
    expect(await a2a.call("GetTaskPushNotificationConfig", { taskId, id: made.id })).toEqual(made);
    const seen: string[] = [];
    for (let pageToken = ""; ; ) {
      const page = await a2a.call<{ configs: WirePushConfig[]; nextPageToken?: string }>("ListTaskPushNotificationConfigs", {
        taskId,
        pageSize: 1,
        pageToken,
      });
      seen.push(...page.configs.map(({ id }) => id));
      if (!page.nextPageToken) break;
      pageToken = page.nextPageToken;
    }
    expect(seen).toEqual([made.id, "mine"].sort());
    for (let again = 0; again < 2; again += 1) {
      const { body } = await a2a.ask("DeleteTaskPushNotificationConfig", { taskId, id: "mine" });
      expect(body.error).toBeUndefined();
    }
    expect((await a2a.error("GetTaskPushNotificationConfig", { taskId, id: "mine" })).code).toBe(-32001);
  });

  it("come with a message as well, for a job that it posts or one that it is about", async () => {
    const a2a = new A2ABoard();
    const configuration = { returnImmediately: true, taskPushNotificationConfig: { id: "a", url: HOOK } };
    const { task } = await a2a.call<{ task: WireTask }>("SendMessage", { message: message("job"), configuration });
    const second = { ...configuration, taskPushNotificationConfig: { id: "b", url: HOOK } };
    await a2a.call("SendMessage", { message: message("more", { taskId: task.id }), configuration: second });
    const { configs } = await a2a.call<{ configs: WirePushConfig[] }>("ListTaskPushNotificationConfigs", { taskId: task.id });
    expect(configs.map(({ id }) => id)).toEqual(["a", "b"]);
  });

  it.each([
    [{ url: "" }, "url"],
    [{}, "url"],
    [{ url: "nowhere" }, "url"],
    [{ url: "gopher://x/" }, "url"],
    [{ url: `${HOOK}?${"x".repeat(LIMITS.push_url_chars.value)}` }, "url"],
    [{ url: HOOK, token: "two\nlines" }, "token"],
    [{ url: HOOK, token: "x".repeat(LIMITS.push_secret_chars.value + 1) }, "token"],
    [{ url: HOOK, authentication: { scheme: "", credentials: "x" } }, "authentication.scheme"],
    [{ url: HOOK, authentication: { scheme: "Bearer\r\nX: y", credentials: "x" } }, "authentication.scheme"],
    [{ url: HOOK, authentication: { scheme: "Bearer", credentials: "é" } }, "authentication.credentials"],
  ])("%j is refused by its field; a message that brings it posts nothing", async (config, field) => {
    const a2a = new A2ABoard();
    const { id: taskId } = await a2a.post("job");
    const { code, data } = await a2a.error("CreateTaskPushNotificationConfig", { taskId, ...config });
    expect([code, data[0]]).toMatchObject([-32602, { fieldViolations: [{ field }] }]);
    const sent = await a2a.error("SendMessage", { message: message("x"), configuration: { taskPushNotificationConfig: config } });
    expect(sent.code).toBe(-32602);
    expect(await a2a.board.call("tasks/list", {})).toHaveLength(1);
  });

  it("are at most ten", async () => {
    const a2a = new A2ABoard();
    const { id: taskId } = await a2a.post("job");
    for (let n = 0; n < LIMITS.push_configs.value; n += 1) await a2a.webhook(taskId, { id: `c${n}`, url: HOOK });
    const { code, data } = await a2a.error("CreateTaskPushNotificationConfig", { taskId, url: HOOK });
    expect([code, data[0]]).toMatchObject([-32602, { reason: "LIMIT", metadata: { limit: "push_configs" } }]);
    await a2a.webhook(taskId, { id: "c3", url: `${HOOK}2` });
    const more = { message: message("x", { taskId }), configuration: { taskPushNotificationConfig: { url: HOOK } } };
    expect((await a2a.error("SendMessage", more)).code).toBe(-32602);
    expect(await a2a.board.call("notes/list", { id: taskId })).toEqual([]);
  });

  it("need a task that is there", async () => {
    const a2a = new A2ABoard();
    for (const method of [
      "CreateTaskPushNotificationConfig",
      "GetTaskPushNotificationConfig",
      "ListTaskPushNotificationConfigs",
      "DeleteTaskPushNotificationConfig",
    ]) {
      expect((await a2a.error(method, { taskId: "nope", id: "x", url: HOOK })).code, method).toBe(-32001);
      expect((await a2a.error(method, { id: "x", url: HOOK })).code, method).toBe(-32602);
    }
  });
});

describe("where coord is deployed", () => {
  it.each(["http://127.0.0.1/", "http://169.254.169.254/", "http://0x7f.1/", "http://[::ffff:10.0.0.1]/", "http://localhost:3000/"])(
    "a webhook at %s is refused",
    async (url) => {
      const a2a = new A2ABoard();
      const { id: taskId } = await a2a.post("job");
      const { code, message: said } = await a2a.error("CreateTaskPushNotificationConfig", { taskId, url }, AS);
      expect([code, said]).toEqual([-32602, expect.stringContaining("private")]);
    },
  );

  it("a public one is taken", async () => {
    const a2a = new A2ABoard();
    const { id: taskId } = await a2a.post("job");
    const { body } = await a2a.ask("CreateTaskPushNotificationConfig", { taskId, url: "https://hooks.example.com/x" }, AS);
    expect(body.result).toMatchObject({ url: "https://hooks.example.com/x" });
  });
});
