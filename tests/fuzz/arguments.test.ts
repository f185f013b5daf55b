import { join } from "node:path";
import { Command, type Option } from "commander";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { COMMANDS } from "../../cli/commands/index.ts";
import { EXIT, REFUSALS } from "../../protocol/index.ts";
import { runCoord, temporaryFolder } from "../harness/server.ts";
import { noBug } from "./judge.ts";
import { check, LIMIT_MS } from "./runs.ts";
import { Target } from "./target.ts";
import { TEXTS } from "./values.ts";

let target: Target;
beforeAll(async () => {
  target = await Target.start();
});
afterAll(() => target[Symbol.asyncDispose]());

/** Those that last until they are told to end, or that make things outside the board: drawn with something that they refuse. */
const LASTING = new Set(["serve", "demo", "mcp", "top", "vault", "init"]);

const CODES = new Set<number | null>([...Object.values(EXIT), ...Object.values(REFUSALS).map(({ exit }) => exit)]);

/** Each command's own options, as it tells commander. */
async function optionsOf(): Promise<Map<string, readonly Option[]>> {
  const all = new Map<string, readonly Option[]>();
  for (const [name, { load }] of Object.entries(COMMANDS)) {
    const program = new Command();
    (await load()).register(program);
    all.set(name, program.commands.find((command) => command.name() === name)!.options);
  }
  return all;
}

// no argument of a program holds NUL, and the shell's encoding has no lone surrogates
const word = fc
  .oneof(
    fc.constantFrom(
      ...TEXTS,
      "-",
      "--",
      "@/nowhere",
      "@/dev/null",
      "[]",
      "{}",
      '{"a":',
      "1",
      "2",
      "0.1s",
      "-1",
      "9".repeat(30),
      "x".repeat(600),
    ),
    fc.string({ unit: "binary", maxLength: 12 }),
  )
  .map((text) => new TextDecoder().decode(new TextEncoder().encode(text.replaceAll("\0", ""))));

test("whatever stands on the command line, the program says what is wrong and ends with a code of the table", {
  timeout: LIMIT_MS,
}, async () => {
  const options = await optionsOf();
  const command = (name: string) => {
    const own = options
      .get(name)!
      .flatMap(({ long, short, required, optional }) => (long || short ? [{ flag: (long ?? short)!, takes: required || optional }] : []));
    const flags = [
      ...own,
      { flag: "--json", takes: false },
      { flag: "--workspace", takes: true },
      { flag: "--url", takes: true },
      { flag: "--nonsense", takes: false },
    ];
    const option = fc.tuple(fc.constantFrom(...flags), word, fc.nat(9)).map(([{ flag, takes }, value, how]) => {
      if (!takes || how === 0) return [flag];
      return how < 3 ? [`${flag}=${value}`] : [flag, value];
    });
    return fc
      .tuple(fc.array(word, { maxLength: 3 }), fc.array(option, { maxLength: 3 }))
      .map(([words, given]) => [name, ...words, ...given.flat(), ...(LASTING.has(name) ? ["--no-such-option"] : [])]);
  };
  const line = fc.oneof(
    { weight: 12, arbitrary: fc.oneof(...[...options.keys()].map(command)) },
    { weight: 1, arbitrary: fc.array(word, { maxLength: 3 }).map((words) => words.filter((one) => !Object.hasOwn(COMMANDS, one))) },
  );
  const home = temporaryFolder();
  await check(16, line, async (args) => {
    // what waits or follows is given no longer than it takes to be told so
    const lasts = /^(wait|next|events|inbox|logs|start|hook)$/.test(args[0] ?? "");
    const { code, signal, stdout, stderr } = await runCoord(args, {
      env: { COORD_URL: target.server.url, COORD_DB: join(home, "db"), HOME: home },
      cwd: home,
      input: "",
      limit_ms: lasts ? 1_500 : 20_000,
    });
    noBug(stdout + stderr, `coord ${args.join(" ")}`);
    expect(stderr).not.toMatch(/^\s+at /m);
    if (lasts && signal === "SIGKILL") return;
    expect([signal, CODES.has(code)], `coord ${args.join(" ")} ended with ${signal ?? code}: ${stderr}`).toEqual([null, true]);
    const isWrong = code !== EXIT.ok && code !== EXIT.timeout && args[0] !== "hook" && args[0] !== "doctor" && args[0] !== "status";
    if (isWrong) expect(stderr, `coord ${args.join(" ")}`).not.toBe("");
    if (stderr.startsWith("coord: ")) expect(stderr).toMatch(/^next: /m);
    target.quiet();
  });
  await target.isWhole();
});
