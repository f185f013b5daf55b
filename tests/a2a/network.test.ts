import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAddress } from "../../cli/server/address.ts";
import { type Runtime, startRuntime } from "../../cli/server/runtime.ts";
import { temporaryFolder } from "../harness/server.ts";

/** A worker that calls whatever it is told to: what stops it is the runtime's network alone. */
const CALLER = `
import { DurableObject } from "cloudflare:workers";
export class Workspace extends DurableObject {}
export default {
  async fetch(request) {
    const to = new URL(request.url).searchParams.get("to");
    if (to === null) return Response.json({ ok: true });
    try {
      const response = await fetch(to, { method: "POST", body: "{}", redirect: "manual" });
      return Response.json({ status: response.status });
    } catch (error) {
      return Response.json({ problem: String(error) });
    }
  },
};`;

let receiver: Server;
let port: number;
let called = 0;
beforeAll(async () => {
  receiver = createServer((_request, response) => {
    called += 1;
    response.end();
  });
  // on IPv6's any address it answers to IPv4 as well; a machine may be without
  await new Promise<void>((ready) => {
    receiver.once("error", () => receiver.listen(0, "127.0.0.1", ready));
    receiver.listen(0, "::", ready);
  });
  ({ port } = receiver.address() as AddressInfo);
});
afterAll(() => {
  receiver.closeAllConnections();
  receiver.close();
});

async function serve(addr: string, token?: string): Promise<Runtime> {
  const folder = temporaryFolder();
  const workerModule = join(folder, "caller.js");
  writeFileSync(workerModule, CALLER);
  return startRuntime({ folder: join(folder, "db"), address: parseAddress(addr), token, log: () => {}, workerModule });
}

async function ask(runtime: Runtime, to: string): Promise<{ status?: number; problem?: string }> {
  const response = await fetch(`http://127.0.0.1:${runtime.port}/?to=${encodeURIComponent(to)}`);
  return (await response.json()) as { status?: number; problem?: string };
}

/** This machine, by every way to say so; the name is looked up first. */
const HERE = ["127.0.0.1", "localhost", "127.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"];

describe("the network of the worker, whatever its own checks let pass,", () => {
  test("of a server that others reach, leads to no private address, nor to a name that means one", async () => {
    await using runtime = await serve("0.0.0.0:0", "token");
    for (const host of HERE) {
      const { status, problem } = await ask(runtime, `http://${host}:${port}/`);
      expect([host, status, problem]).toEqual([host, undefined, expect.any(String)]);
    }
    expect(called).toBe(0);
  });

  test("of a server on loopback, leads to this machine and nowhere else", async () => {
    await using runtime = await serve("127.0.0.1:0");
    for (const host of ["127.0.0.1", "localhost"]) expect(await ask(runtime, `http://${host}:${port}/`), host).toEqual({ status: 200 });
    expect(called).toBe(2);
    for (const host of ["192.0.2.1", "10.0.0.1", "[2001:db8::1]"])
      expect(await ask(runtime, `http://${host}:${port}/`), host).toEqual({ problem: expect.any(String) });
  });
});
