import { ScriptedBoard } from "./scripted-board.ts";

/**
 * Three days of a small team that ships a release: two bugs and their fixes, work that waits for other work, a review that sends
 * work back, a lease that lapses, a result that comes too late, and decisions. `tests/vault/golden/three-days` is the vault of this board.
 */
export function sampleBoard(): ScriptedBoard {
  const board = new ScriptedBoard(Date.parse("2026-11-18T08:57:00.000Z"));
  const at = (time: string, step_seconds = 47) => {
    board.now = Date.parse(`2026-11-${time}:00.000Z`);
    board.step = step_seconds * 1_000;
  };

  at("18T08:57");
  board.seen("ada", "user", "Ada");
  const release = board.send("ada", {
    name: "Ship shop 1.1",
    kind: "release",
    priority: "high",
    performer: "user",
    labels: ["release/1.1"],
    state: "backlog",
    description: "Tag, build, publish. **Only** when every job below is done.",
  });
  const choice = board.send("ada", {
    name: "Versions are compared by their numbers, not as text",
    kind: "decision",
    labels: ["release/1.1"],
    description: "`1.10` is newer than `1.9`. Whatever sorts versions uses `compareVersions`.",
  });
  const bug = board.send("harbor-lynx", {
    name: "1.10 is offered as an update to 1.9, but 1.9 also to 1.10",
    kind: "bug",
    priority: "high",
    labels: ["release/1.1", "area/update"],
    payload: { found_in: "src/versions.js", test: "node --test", related: choice.id },
    description: 'The update banner goes in circles.\n\n```js\n"1.10" < "1.9" // true: compared as text\n```',
  });
  board.claim("amber-fox", bug);
  const docs = board.send("harbor-lynx", {
    name: "Say in the changelog how versions compare",
    kind: "docs",
    priority: "low",
    labels: ["release/1.1"],
    depends_on: [bug.id],
    payload: { follows_up: bug.number },
  });
  const ack = board.complete("amber-fox", bug, {
    result: { commit: "4f2a91c", tests: "7 of 7 pass" },
    ack: "v1.1 compares versions by their numbers",
  });
  board.claim("harbor-lynx", docs);
  board.complete("harbor-lynx", docs, { result: { commit: "b81d02e" } });

  at("18T14:12", 61);
  const sessions = board.send("ada", {
    name: "Keep sessions over a restart",
    kind: "feature",
    review: "required",
    labels: ["release/1.1", "area/auth"],
    description: "Log in, restart, still logged in.\n\n- [ ] a table of its own\n- [ ] sessions end after 30 days",
  });
  const table = board.send("quiet-heron", {
    name: "Sessions live in SQLite, in a table of their own",
    kind: "decision",
    payload: { for: sessions.id },
    description: "Not in memory, not in a file of their own: one backup holds everything.",
  });
  board.claim("quiet-heron", sessions);
  board.send("quiet-heron", {
    name: "SQLite needs `PRAGMA busy_timeout` where two processes write",
    kind: "knowledge",
    payload: { seen_in: sessions.id, ms: 5000 },
  });
  board.complete("quiet-heron", sessions, {
    result: { commit: "0c9e6aa", branch: "sessions" },
    summary: "Sessions live in the database. What was in memory is gone with the restart, as agreed.",
  });
  const cart = board.send("ada", {
    name: "Cart total is wrong with a voucher",
    kind: "bug",
    priority: "urgent",
    labels: ["area/cart"],
    payload: { steps: ["add a book", "enter TENOFF", "remove the book"], total: -10 },
  });
  board.claim("harbor-lynx", cart);

  at("19T09:03", 38);
  board.review("ada", sessions, "request_changes", "Sessions never end. `created_at` is written, and nobody reads it.");
  board.claim("quiet-heron", sessions);
  board.end("task.lapsed", "harbor-lynx", cart);
  board.claim("amber-fox", cart);
  board.lateResult("harbor-lynx", cart, { commit: "77e1d3f", note: "my laptop slept; the total is clamped to zero" });
  board.note(
    "harbor-lynx",
    cart,
    "I had a fix when my lease lapsed: `77e1d3f`. It only hides the negative total; the voucher should go with the last book. @amber-fox, yours to take or leave.",
  );
  board.complete("amber-fox", cart, { result: { commit: "e50c1b7", tests: "12 of 12 pass" }, ack: "Vouchers leave an empty cart" });
  board.complete("quiet-heron", sessions, {
    result: { commit: "9d41f08", branch: "sessions" },
    summary: "Sessions end after 30 days.\n\n- `created_at` is read on every request\n- a nightly job deletes what is over",
  });
  board.review("ada", sessions, "approve", "Thank you. 30 days it is.");
  const migration = board.send("quiet-heron", {
    name: "Move the old sessions over",
    kind: "task",
    priority: "high",
    labels: ["area/auth"],
    depends_on: [sessions.id],
    payload: { blocked_by: sessions.id, decided_in: table.id },
  });
  const drop = board.send("quiet-heron", {
    name: "Drop the old sessions file",
    kind: "task",
    priority: "low",
    labels: ["area/auth"],
    depends_on: [migration.id],
  });
  board.depend("ada", release, sessions);
  board.depend("ada", release, cart);
  board.depend("ada", release, docs);

  at("20T10:30", 83);
  board.claim("amber-fox", migration);
  board.end("task.failed", "amber-fox", migration, "No backup of the old file on staging; I will not move what cannot be put back");
  board.send("ada", { name: "Back up staging every night", kind: "decision", payload: { because_of: migration.id } });
  const backup = board.send("ada", {
    name: "Nightly backup of staging",
    kind: "task",
    priority: "urgent",
    assignee: "harbor-lynx",
    labels: ["ops"],
  });
  board.claim("harbor-lynx", backup);
  board.update("ada", release, {
    priority: "urgent",
    description: "Tag, build, publish. **Only** when every job below is done.\n\nThe migration may follow in 1.1.1.",
  });
  board.ready("ada", release);
  board.send("harbor-lynx", { name: "Dark mode", kind: "feature", state: "idea", priority: "low" });
  const flaky = board.send("amber-fox", {
    name: "Checkout test fails one time in fifty",
    kind: "bug",
    labels: ["tests"],
    payload: { related_bug: cart.id, related_ack: ack?.id },
  });
  board.claim("quiet-heron", flaky);
  board.end("task.released", "quiet-heron", flaky, "not reproduced in 500 runs; somebody with a slower machine should look");
  const duplicate = board.send("quiet-heron", { name: "Negative cart total", kind: "bug", payload: { bug_id: cart.id } });
  board.end("task.cancelled", "ada", duplicate, "the same as the voucher one");
  board.note("ada", drop, "Not before the migration has run **and** a week has passed.");
  return board;
}
