import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface ClosedProxy extends AsyncDisposable {
  /** Its address for one program: the name in it says who asked. */
  urlFor(name: string): string;
  /** Whom each program asked for beyond loopback, as `host:port`. */
  readonly asked: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * A proxy that lets nobody through and remembers whom they wanted: with it in their environment the programs are offline, and what
 * they tried all the same can be said.
 */
export async function startClosedProxy(): Promise<ClosedProxy> {
  const asked = new Map<string, Set<string>>();
  const note = (request: IncomingMessage, target: string): number => {
    const name = nameIn(request);
    if (name === undefined) return 407; // it says its name when it is asked for it
    asked.set(name, (asked.get(name) ?? new Set()).add(target));
    return 403;
  };
  const server = createServer((request, response) => {
    const status = note(request, new URL(request.url ?? "/", "http://unnamed").host);
    response.writeHead(status, { "proxy-authenticate": 'Basic realm="coord e2e"' }).end();
  });
  server.on("connect", (request, socket: Socket) => {
    const status = note(request, request.url ?? "");
    socket.on("error", () => {
      // The program has gone: it would have been refused anyway.
    });
    socket.end(
      `HTTP/1.1 ${status} Refused\r\nProxy-Authenticate: Basic realm="coord e2e"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    urlFor: (name) => `http://${name}:offline@127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

function nameIn(request: IncomingMessage): string | undefined {
  const [, encoded] = /^Basic (.+)$/i.exec(request.headers["proxy-authorization"] ?? "") ?? [];
  return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf8").split(":")[0];
}
