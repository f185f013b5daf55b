import { expect, it } from "vitest";
import { OWNER } from "../core/authorize.ts";
import { type Bench, onBench } from "../testing/engine.ts";
import { scriptedSocket } from "../testing/socket.ts";
import { UNHEARD_CLOSE } from "./sessions.ts";

const MINUTE = 60_000;

/** A session whose client may be gone: it takes everything and says nothing. */
function open(bench: Bench) {
  const closes: number[] = [];
  const socket = scriptedSocket({ close: (code) => closes.push(code) });
  bench.engine.sessions.open(socket, OWNER);
  return { socket, closes };
}

const openSessions = async (bench: Bench) => (await bench.call("workspace/info", {})).sessions;

it("a session by which nothing comes for a minute is over: its client broke off in the middle of the handshake", () =>
  onBench(async (bench) => {
    const { closes } = open(bench);
    bench.advance(MINUTE - 1);
    expect([await openSessions(bench), closes]).toEqual([1, []]);
    bench.advance(1);
    expect([await openSessions(bench), closes]).toEqual([0, [UNHEARD_CLOSE]]);
  })());

it("one call keeps it, whatever its answer", () =>
  onBench(async (bench) => {
    const { socket, closes } = open(bench);
    void bench.engine.sessions.message(socket, "no JSON", (job) => bench.engine.submit(job));
    bench.advance(10 * MINUTE);
    expect([await openSessions(bench), closes]).toEqual([1, []]);
  })());

it("a ping keeps it, which the runtime answers without waking the object", () =>
  onBench(async (bench) => {
    const { socket, closes } = open(bench);
    bench.pinged.add(socket);
    bench.advance(10 * MINUTE);
    expect([await openSessions(bench), closes]).toEqual([1, []]);
  })());

it("one that ends before is ended once", () =>
  onBench(async (bench) => {
    const { socket, closes } = open(bench);
    bench.engine.sessions.close(socket);
    bench.advance(MINUTE);
    expect([await openSessions(bench), closes]).toEqual([0, []]);
  })());
