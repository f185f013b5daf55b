import { CommanderError } from "commander";
import { expect, test } from "vitest";
import { CliError, Interrupted } from "./errors.ts";
import { reportOf } from "./report.ts";

test("an error says what happened and what to do next, and nothing that a terminal obeys", () => {
  const error = new CliError("#1 \x1b[31mevil is claimed", { exit: 3, next: "coord next" });
  expect(reportOf(error, "claim", false)).toEqual({ text: "coord: #1 \\x1b[31mevil is claimed\nnext:  coord next\n", exit: 3 });
});

test("with --json it is one JSON object, with the details", () => {
  const { text, exit } = reportOf(
    new CliError("taken", { exit: 3, next: "coord next", data: { code: "conflict", claimed_by: "other" } }),
    "claim",
    true,
  );
  expect(exit).toBe(3);
  expect(JSON.parse(text)).toEqual({ error: { code: "conflict", claimed_by: "other", message: "taken", next: "coord next", exit: 3 } });
});

test("the fields that the server found fault with are named as they were typed, and the next step is a command", () => {
  const issues = [{ path: ["filter", "state"], message: "no such state" }];
  const error = new CliError("tasks/wait: filter.state: no such state", { next: "…", data: { code: "invalid_params", issues } });
  expect(reportOf(error, "wait", false).text).toBe(
    "coord: --state cannot be taken as given\n  --state: no such state\nnext:  correct it and call again: coord wait --help\n",
  );
  expect(JSON.parse(reportOf(error, "wait", true).text).error).toMatchObject({ issues, refusal: error.message });
});

test("a field that nobody typed keeps the server's words", () => {
  const error = new CliError("odd", { next: "again", data: { code: "invalid_params", issues: [{ path: "jsonrpc", message: "not 2.0" }] } });
  expect(reportOf(error, "wait", false).text).toBe("coord: odd\n  jsonrpc: not 2.0\nnext:  again\n");
});

test.each([
  [Object.assign(new Error("ENOENT: no such file or directory, uv_cwd"), { code: "ENOENT", syscall: "uv_cwd" }), "is gone", "cd to one"],
  [
    Object.assign(new Error("ENOENT: process.cwd failed with error no such file or directory"), { code: "ENOENT", syscall: "process.cwd" }),
    "is gone",
    "cd to one",
  ],
  [Object.assign(new Error("write"), { code: "ENOSPC", path: "/data/x" }), "the disk is full: /data/x", "df -h"],
  [Object.assign(new Error("copy"), { code: "EDQUOT", path: "/from", dest: "/data/y" }), "the disk is full: /data/y", "df -h"],
  [Object.assign(new Error("open"), { code: "EROFS", path: "/data/x" }), "may not use /data/x", "ls -ld"],
  [Object.assign(new Error("open"), { code: "EMFILE", path: "/data/x" }), "too many files", "ulimit"],
])("what the machine refuses is no bug of the program: %s", (error, message, next) => {
  const { text, exit } = reportOf(error, "serve", false);
  expect(exit).toBe(1);
  expect(text).toContain(message);
  expect(text).toContain(next);
  expect(text).not.toContain("    at ");
});

test("a mistake in the arguments points to the command's help, a misspelt command to the one that was meant", () => {
  expect(reportOf(new CommanderError(1, "commander.missingArgument", "error: missing required argument 'id'"), "claim", false).text).toBe(
    "coord: missing required argument 'id'\nnext:  coord claim --help\n",
  );
  expect(
    reportOf(new CommanderError(1, "commander.unknownCommand", "error: unknown command 'clam'\n(Did you mean claim?)"), "clam", false).text,
  ).toBe("coord: unknown command 'clam' (Did you mean claim?)\nnext:  coord claim --help\n");
});

test("help is no error, an interrupt ends without a word, a bug shows its stack", () => {
  expect(reportOf(new CommanderError(0, "commander.helpDisplayed", "(outputHelp)"), "claim", false)).toEqual({ text: "", exit: 0 });
  expect(reportOf(new Interrupted(130), "wait", true)).toEqual({ text: "", exit: 130 });
  const bug = reportOf(new TypeError("x is not a function"), "claim", false);
  expect(bug).toMatchObject({ exit: 1 });
  expect(bug.text).toContain("report.test.ts");
});
