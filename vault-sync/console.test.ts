import { describe, expect, it } from "vitest";
import { CliError } from "../cli/errors.ts";
import { consoleReporter } from "./console.ts";

function streams(isTTY: boolean) {
  const written = { out: "", err: "" };
  const stream = (name: "out" | "err") => ({
    isTTY,
    write: (text: string) => {
      written[name] += text;
    },
  });
  return { written, out: stream("out"), err: stream("err") };
}

const status = { vault: "/v/board", workspace: "default", cursor: 7, tasks: 2, agents: 1, written: 5, foreign: [] };

describe("what a vault tells", () => {
  it("is a bar that is redrawn in its place on a terminal, at most every 80 ms, and gone afterwards", () => {
    const { written, out, err } = streams(true);
    let now = 0;
    const report = consoleReporter({ out, err, asJson: false, now: () => now });
    report.progress("writing", 100, 10_000);
    now = 50;
    report.progress("writing", 200, 10_000);
    now = 90;
    report.progress("writing", 5_000, 10_000);
    report.progress("writing", 10_000, 10_000);
    report.current(status);
    expect(written.err.match(/\d+\/10000/g)).toEqual(["100/10000", "5000/10000", "10000/10000"]);
    expect(written.err.endsWith("\r\x1b[K")).toBe(true);
    expect(written.out).toContain("2 tasks, 1 agent (5 files written)");
  });

  it("is no bar elsewhere, nor for what takes a moment", () => {
    const pipe = streams(false);
    consoleReporter({ ...pipe, asJson: false }).progress("writing", 1, 10_000);
    const terminal = streams(true);
    consoleReporter({ ...terminal, asJson: false }).progress("writing", 1, 10);
    expect(pipe.written.err + terminal.written.err).toBe("");
  });

  it("is one JSON value on stdout where that is asked for, and trouble on stderr with what to do", () => {
    const { written, out, err } = streams(false);
    const report = consoleReporter({ out, err, asJson: true });
    report.trouble(new CliError("the disk is full", { next: "make room" }));
    report.note("it is written again");
    report.current(status);
    expect(JSON.parse(written.out)).toEqual(status);
    expect(written.err).toBe(
      "coord vault: the disk is full\nnext:  make room\nit is tried again until it works; coordination goes on\ncoord vault: it is written again\n",
    );
  });
});
