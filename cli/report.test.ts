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

test("the fields that the server found fault with are named", () => {
  const error = new CliError("invalid parameters", { data: { issues: [{ path: ["filter", "state"], message: "no such state" }] } });
  expect(reportOf(error, "wait", false).text).toContain("  filter.state: no such state");
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
