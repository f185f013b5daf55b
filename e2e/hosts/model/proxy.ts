import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface ClosedProxy extends AsyncDisposable {
  readonly url: string;
  /** Hosts that somebody asked for, as `name:port`, each once. */
  readonly asked: ReadonlySet<string>;
}

/**
 * A proxy that lets nobody through and remembers whom they wanted: with it in their environment the programs are offline, and what
 * they tried all the same can be said.
 */
export async function startClosedProxy(): Promise<ClosedProxy> {
  const asked = new Set<string>();
  const server = createServer((request, response) => {
    asked.add(new URL(request.url ?? "/", "http://unnamed").host);
    response.writeHead(403).end();
  });
  server.on("connect", (request, socket: Socket) => {
    asked.add(request.url ?? "");
    socket.on("error", () => {
      // The program has gone: it would have been refused anyway.
    });
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
