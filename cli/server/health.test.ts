import { createServer } from "node:http";
import { type AddressInfo, createServer as createSocketServer, type Server } from "node:net";
import { expect, test } from "vitest";
import { ask, health } from "./health.ts";

async function serving<T>(server: Server, use: (url: string) => Promise<T>): Promise<T> {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.close();
  }
}

test("a coord server is up", async () => {
  const server = createServer((request, response) => response.end(request.url === "/healthz" ? '{"ok":true,"version":"1.2.3"}' : ""));
  expect(await serving(server, (url) => health(url))).toEqual({ state: "up", version: "1.2.3" });
});

test("another server is strange", async () => {
  for (const body of ["<html>", "{}", "null", '{"ok":true}']) {
    expect(
      (
        await serving(
          createServer((_, response) => response.end(body)),
          (url) => health(url),
        )
      ).state,
      body,
    ).toBe("strange");
  }
  const refusing = createServer((_, response) => response.writeHead(404).end("no"));
  expect(await serving(refusing, (url) => health(url))).toEqual({ state: "strange", detail: "it answered 404 to GET /healthz" });
});

test("nothing there is down", async () => {
  const gone = await serving(
    createServer(() => {}),
    async (url) => url,
  );
  expect(await health(gone)).toEqual({ state: "down" });
});

test("a server that accepts and stays silent is given up, as is one that never ends its answer", async () => {
  const silent = createSocketServer((socket) => socket.on("error", () => socket.destroy()).resume());
  await serving(silent, async (url) => {
    await expect(ask(url, { response_ms: 50 })).rejects.toMatchObject({ code: "ETIMEDOUT" });
  });
  const endless = createServer((_, response) => response.write("{"));
  await serving(endless, async (url) => {
    await expect(ask(url, { response_ms: 50 })).rejects.toMatchObject({ code: "ETIMEDOUT" });
    endless.closeAllConnections();
  });
});
