import { NO_ANSWER, NO_CONNECTION, type Posting, type Reply } from "./exchange.ts";
import { TransportFailure, transportFailure } from "./failures.ts";
import { ResponseReader } from "./response.ts";

/**
 * Posts one request over plain HTTP/1.1 on a connection of its own. Over `node:net`, because `node:http` alone takes a fifth of the time
 * that Node needs to start, and one request with one answer needs little of it.
 * @throws TransportFailure; its `wasSent` tells whether the whole request was with the operating system. The signal's reason when it fires.
 */
export function postPlain({ url, headers, body, connectMs, answerMs, signal }: Posting): Promise<Reply> {
  // not by `import`: see scripts/builtins.mjs
  const { connect } = process.getBuiltinModule("node:net");
  const lines = Object.entries({ host: url.host, ...headers, "content-length": String(body.length), connection: "close" });
  const head = `POST ${url.pathname}${url.search} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  return new Promise((resolve, reject) => {
    const reader = new ResponseReader();
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || 80), noDelay: true });
    let wasSent = false;
    let timer: NodeJS.Timeout;
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", interrupt);
      socket.destroy();
    };
    const fail = (cause: unknown) => {
      finish();
      const failure = transportFailure(cause);
      failure.wasSent = wasSent;
      reject(failure);
    };
    const interrupt = () => {
      finish();
      reject(signal?.reason);
    };
    const giveUpAfter = (ms: number, what: string) => {
      clearTimeout(timer);
      timer = setTimeout(() => fail(new TransportFailure("silent", `${what} within ${ms / 1000} s`)), ms);
    };
    const read = (step: () => boolean) => {
      try {
        if (!step()) return;
      } catch (error) {
        return fail(error);
      }
      finish();
      resolve(reader.reply);
    };
    giveUpAfter(connectMs, NO_CONNECTION);
    socket.on("connect", () => {
      giveUpAfter(answerMs, NO_ANSWER);
      // From here on the server may act on it; a part of it cannot be acted on.
      socket.write(Buffer.concat([Buffer.from(head, "latin1"), body]), () => {
        wasSent = true;
      });
    });
    socket.on("data", (bytes) => read(() => reader.push(bytes)));
    socket.on("end", () =>
      read(() => {
        reader.end();
        return true;
      }),
    );
    socket.on("error", fail);
    socket.on("close", () => fail(new TransportFailure("broken", "the connection ended before the answer did")));
    signal?.addEventListener("abort", interrupt, { once: true });
    if (signal?.aborted) interrupt();
  });
}
