import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { cleanEnvironment, readJsonLines, run } from "./processes.ts";

const environment = cleanEnvironment(process.env, {});

describe("cleanEnvironment", () => {
  it("keeps the caller's server, repository, settings of node and test run out of the demo", () => {
    const caller = {
      PATH: "/bin",
      COORD_URL: "u",
      COORD_TOKEN: "t",
      GIT_DIR: "/elsewhere",
      NODE_OPTIONS: "--inspect",
      NODE_TEST_CONTEXT: "child",
      NOTHING: undefined,
    };
    expect(cleanEnvironment(caller, { COORD_URL: "ours" })).toEqual({ PATH: "/bin", COORD_URL: "ours" });
  });
});

describe("run", () => {
  it("answers with the exit code and the output", async () => {
    const finished = await run(process.execPath, ["-e", "console.log('out'); console.error('err'); process.exitCode = 3"], { environment });
    expect(finished).toMatchObject({ exit: 3, stdout: "out\n", stderr: "err\n" });
  });

  it("refuses a failure where there must be none, with what the program said", async () => {
    await expect(run(process.execPath, ["-e", "console.error('why'); process.exitCode = 3"], { environment, must: true })).rejects.toThrow(
      /exit 3[\s\S]*why/,
    );
  });

  it("kills what does not end", async () => {
    await expect(run(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { environment, limit_ms: 300 })).rejects.toThrow(
      "still running after 0.3 s",
    );
  });

  it("rejects where there is no such program", async () => {
    await expect(run("coord-no-such-program", [], { environment })).rejects.toThrow("ENOENT");
  });
});

describe("readJsonLines", () => {
  it("reads lines however they are cut", async () => {
    const stream = new PassThrough();
    const values: unknown[] = [];
    readJsonLines(stream, (value) => values.push(value));
    const ended = new Promise((resolve) => stream.once("end", resolve));
    for (const piece of ['{"a":', '1}\n{"b"', ':"é\\n"}\n\n', '{"c":3}\n']) stream.write(piece);
    stream.end();
    await ended;
    expect(values).toEqual([{ a: 1 }, { b: "é\n" }, { c: 3 }]);
  });
});
