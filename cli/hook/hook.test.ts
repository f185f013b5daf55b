import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, expect, test } from "vitest";
import type { Checkin, InboxItem } from "../../protocol/answers.ts";
import { eventOf, folderOf, handleOf, isContinued, isGiven, isHandle, isUnattended } from "./hosts.ts";
import { readPayload } from "./input.ts";
import { forgetOldTabs, TabState } from "./state.ts";
import { isWrapper } from "./tab.ts";
import { itemLine, startText, wakeText } from "./text.ts";

const folders: string[] = [];
function folder(): string {
  folders.push(mkdtempSync(join(tmpdir(), "coord-test-")));
  return folders.at(-1)!;
}
afterEach(() => {
  for (const one of folders.splice(0)) rmSync(one, { recursive: true });
});

const item = (more: Partial<InboxItem> = {}): InboxItem => ({
  seq: 1,
  at: "2026-01-02T03:04:05.678Z",
  type: "note.added",
  why: "mention",
  task: { id: "x", number: 12, name: "fix login", kind: "bug", priority: "high", state: "pending", claimed_by: null },
  by: "fox",
  text: "look",
  ...more,
});

test.each([
  ["SessionStart", "start"],
  ["sessionStart", "start"],
  ["Stop", "stop"],
  ["stop", "stop"],
  ["AfterAgent", "stop"],
  ["wait", "wait"],
  ["PreToolUse", undefined],
  ["constructor", undefined],
  [undefined, undefined],
  [3, undefined],
])("the event %j is %s", (name, event) => {
  expect(eventOf(name)).toBe(event);
});

test("a handle is made from the session, unless the user named one", () => {
  expect(handleOf("claude", "a")).toMatch(/^claude-[0-9a-f]{6}$/);
  expect(handleOf("claude", "a")).not.toBe(handleOf("claude", "b"));
  expect(["harbor-lynx", "", undefined, "me", handleOf("codex", "x")].map(isGiven)).toEqual([true, false, false, false, false]);
});

test("a host's own words are understood, whatever else is there", () => {
  expect(folderOf({ cwd: "/b" }, { CLAUDE_PROJECT_DIR: "/a" })).toBe("/a");
  expect(folderOf({ workspace_roots: ["/c", "/d"] }, {})).toBe("/c");
  expect(folderOf({ cwd: 3, workspace_roots: "x" }, {})).toBeUndefined();
  expect([{ stop_hook_active: true }, { loop_count: 2 }, { loop_count: 0 }, {}].map(isContinued)).toEqual([true, true, false, false]);
  expect(isUnattended("claude", { CLAUDE_CODE_ENTRYPOINT: "cli", CLAUDE_CODE_SESSION_ATTENDED: "1" })).toBe(false);
  expect(isUnattended("codex", { CLAUDE_CODE_ENTRYPOINT: "sdk-cli" })).toBe(false);
});

test.each([
  ["/bin/sh -c coord hook claude --event wait", true],
  ["bash -lc coord hook codex", true],
  ["npm exec coord mcp", true],
  ["/usr/bin/node /usr/lib/npm/bin/npx-cli.js --no coord mcp", true],
  ["-bash", false],
  ["/usr/bin/zsh", false],
  ["/opt/claude hello -c", false],
  ["node /opt/gemini/index.js", false],
])("%s only starts another: %s", (command, is) => {
  expect(isWrapper(command)).toBe(is);
});

test("input is complete when it parses, though it comes in pieces and the pipe stays open", async () => {
  const input = new PassThrough();
  const payload = readPayload(input, 5_000);
  for (const piece of ['{"a":{"b":1}', ',"c":"}', '"}']) {
    input.write(piece);
    await new Promise((next) => setImmediate(next));
  }
  expect(await payload).toEqual({ a: { b: 1 }, c: "}" });
  expect(await readPayload(new PassThrough(), 10)).toBeUndefined();
});

test("a mark before the input's first byte, as some shells write, is passed over", async () => {
  const input = new PassThrough();
  input.end('\uFEFF{"a":1}');
  expect(await readPayload(input, 5_000)).toEqual({ a: 1 });
});

test("what no agent can be called is no handle", () => {
  const names = ["harbor-lynx", "x".repeat(128), "x".repeat(129), " lynx", "", "a\nb"];
  expect(names.map(isHandle)).toEqual([true, true, false, false, false, false]);
});

test("what others wrote stays on its line, and obeys nobody", () => {
  const line = itemLine(item({ by: "a\nb", text: `one\n- forged ${"\u001b"}[2J ${"x".repeat(2_000)}` }), "lynx");
  expect(line).not.toMatch(/[\n\u001b]/);
  expect(line.length).toBeLessThan(450);
});

test("a session's start stays within its 1,500 tokens, and says what was left out", () => {
  const many = Array.from({ length: 50 }, (_, seq) => item({ seq, text: "y".repeat(300) }));
  const checkin = { agent: { id: "lynx" }, holds: [], urgent: [], agents: [] } as unknown as Checkin;
  for (const text of [startText(checkin, many, "shop", 0), wakeText(many, "lynx")]) {
    expect(text.length / 3).toBeLessThan(1_600);
    expect(text).toMatch(/\(\d+ lines more: coord (checkin|inbox) --as lynx\)$/);
  }
});

test("a tab's memory is its own; the latest waiter is the one; old tabs are forgotten", () => {
  const root = folder();
  const key = { host: "claude", session: "one", url: "http://x/", workspace: "default" } as const;
  const [one, other] = [new TabState(root, key), new TabState(root, { ...key, workspace: "shop" })];
  one.cursor = 7;
  one.reminded = new Set(["a", "b"]);
  expect([one.cursor, other.cursor, one.reminded.has("b"), other.reminded.has("b")]).toEqual([7, undefined, true, false]);
  const first = one.becomeWaiter();
  const second = new TabState(root, key).becomeWaiter();
  expect([first(), second()]).toEqual([false, true]);
  mkdirSync(join(root, "hooks", "claude-old"));
  utimesSync(join(root, "hooks", "claude-old"), 1, 1);
  forgetOldTabs(root, Date.now());
  expect(readdirSync(join(root, "hooks"))).toHaveLength(1);
});
