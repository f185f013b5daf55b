import { describe, expect, test } from "vitest";
import { BadArguments, readOptions } from "./options.ts";

const CASES = ["claims", "wake"];
const read = (...args: string[]) => readOptions(args, CASES);

describe("the arguments of the benchmark", () => {
  test("a full run writes the page; a quick one, a choice of cases and another build do not", () => {
    expect(read().write).toBe(true);
    expect(read("--against", "http://127.0.0.1:9/").write).toBe(true);
    expect(read("--quick").write).toBe(false);
    expect(read("wake").write).toBe(false);
    expect(read("--worker", "x.js").write).toBe(false);
    expect(read("--quick", "--write").write).toBe(true);
    expect(read("wake", "--write").write).toBe(true);
    expect(read("--no-write").write).toBe(false);
  });

  test("--against may be repeated, and every address ends in a slash", () => {
    expect(read("--against", "http://127.0.0.1:9", "--against=http://127.0.0.1:10/rpc").against).toEqual([
      "http://127.0.0.1:9/",
      "http://127.0.0.1:10/rpc/",
    ]);
    expect(read().against).toEqual([]);
  });

  test.each([
    [["walk"], "no such case: walk; there are claims, wake"],
    [["--against", "localhost"], "--against takes a URL such as http://127.0.0.1:8080/, not localhost"],
    [["--against", "ftp://127.0.0.1/"], "--against takes a URL"],
    [["--hours", "soon"], "--hours takes a number of hours, not soon"],
    [["--hours=-1"], "--hours takes a number of hours"],
    [["--fast"], "Unknown option '--fast'"],
  ])("refuses %j in a sentence", (args, message) => {
    expect(() => read(...args)).toThrow(BadArguments);
    expect(() => read(...args)).toThrow(message);
  });

  test("the command as the page shows it has no address and no path in it", () => {
    expect(read().command).toBe("npm run bench");
    expect(read("--quick", "--against", "http://10.1.2.3:9/", "--worker=/home/me/index.js", "--before", "/tmp/x", "wake").command).toBe(
      "npm run bench -- --quick --against URL --worker FILE --before DIST wake",
    );
  });
});
