import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../tests/harness/server.ts";
import { fileSink, formatLine, parseLine } from "./log.ts";

test("lines of the worker, of the runtime, and of neither", () => {
  expect(parseLine('{"timestamp":1700000000000,"level":"warn","message":"slow"}', 1)).toEqual({
    time: 1_700_000_000_000,
    level: "warn",
    message: "slow",
  });
  expect(parseLine('{"timestamp":"1700000000000","level":"error","source":"x.rs:1","message":"bind"}', 1)).toEqual({
    time: 1_700_000_000_000,
    level: "error",
    message: "bind",
  });
  expect(parseLine("*** Received signal #11", 5)).toEqual({ time: 5, level: "log", message: "*** Received signal #11" });
  for (const odd of ["{", "{}", '{"message":7}', "[]", ""]) expect(parseLine(odd, 5)).toEqual({ time: 5, level: "log", message: odd });
  expect(parseLine('{"message":"no time"}', 5)).toEqual({ time: 5, level: "log", message: "no time" });
});

test("what the runtime says of a client that breaks WebSocket's rules is no error of the server's", () => {
  const message =
    "Uncaught exception: kj/compat/http.c++:6214: failed: remote.jsg.Error: WebSocket protocol error; protocolError.statusCode = 1002; protocolError.description = Missing continuation frame";
  expect(parseLine(JSON.stringify({ timestamp: "5", level: "error", message }), 1)).toEqual({
    time: 5,
    level: "info",
    message: "a client's session was cut off, since it broke WebSocket's rules: Missing continuation frame",
  });
});

test("every line of the log that is no continuation begins with a time", () => {
  expect(formatLine({ time: 0, level: "info", message: "one\ntwo" })).toBe("1970-01-01T00:00:00.000Z info one\n  two\n");
});

test("the file is rotated by size, one old one is kept, and a log that was there is counted", () => {
  const path = join(temporaryFolder(), "coord.log");
  const line = { time: 0, level: "info", message: "x".repeat(60) };
  const size = formatLine(line).length;
  fileSink(path, size * 2)(line);
  const write = fileSink(path, size * 2);
  for (let i = 0; i < 4; i++) write(line);
  expect(readFileSync(path, "utf8")).toHaveLength(size);
  expect(readFileSync(`${path}.1`, "utf8")).toHaveLength(size * 2);
});

test("a log that cannot be written loses lines and nothing else", () => {
  const write = fileSink(join(tmpdir(), "no", "such", "folder", "coord.log"));
  expect(() => write({ time: 0, level: "info", message: "lost" })).not.toThrow();
});
