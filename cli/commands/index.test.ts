import { readdirSync } from "node:fs";
import { Command } from "commander";
import { expect, test } from "vitest";
import { createProgram } from "../program.ts";
import { COMMANDS, commandName, registerFor } from "./index.ts";

test("every command's file is in the table", () => {
  const files = readdirSync(import.meta.dirname).flatMap((name) => /^([a-z]+)\.ts$/.exec(name)?.[1] ?? []);
  expect(files.filter((name) => name !== "index").sort()).toEqual(Object.keys(COMMANDS).sort());
});

test.each([
  [["claim", "12"], "claim"],
  [["--url", "tasks", "claim"], "claim"],
  [["--json", "tasks"], "tasks"],
  [["--help"], undefined],
  [[], undefined],
])("%j names the command %s", (args, name) => {
  expect(commandName(args)).toBe(name);
});

test("only the command that is named is registered", async () => {
  const program = new Command();
  await registerFor(program, ["claim", "12"]);
  expect(program.commands.map((command) => command.name())).toEqual(["claim"]);
});

test("where none is named, all are, each in a group of the help", async () => {
  const program = createProgram();
  await registerFor(program, []);
  expect(program.commands.map((command) => command.name())).toEqual(Object.keys(COMMANDS));
  expect(program.helpInformation()).not.toContain("\nCommands:");
});

test("every command's help fits 80 columns", async () => {
  const program = createProgram();
  await registerFor(program, []);
  for (const command of program.commands) {
    let help = "";
    command.configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => 80 });
    command.outputHelp();
    for (const line of help.split("\n"))
      if (!line.startsWith("  $ ")) expect(line.length, `${command.name()}: ${line}`).toBeLessThanOrEqual(80);
  }
});

test("an inherited word is no command", async () => {
  const program = new Command();
  await registerFor(program, ["constructor"]);
  expect(program.commands.length).toBe(Object.keys(COMMANDS).length);
});
