import { request } from "node:https";
import { MOST_ANSWER_BYTES, NO_ANSWER, NO_CONNECTION, type Posting, type Reply } from "./exchange.ts";
import { TransportFailure, transportFailure } from "./failures.ts";

/** As `postPlain`, over TLS. */
export function postSecure({ url, headers, body, connectMs, answerMs, signal }: Posting): Promise<Reply> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout;
    let wasSent = false;
    const sending = request(url, {
      method: "POST",
      agent: false,
      headers: { ...headers, "content-length": body.length, connection: "close" },
      ...(signal ? { signal } : {}),
    });
    const giveUpAfter = (ms: number, what: string) => {
      clearTimeout(timer);
      timer = setTimeout(() => sending.destroy(new TransportFailure("silent", `${what} within ${ms / 1000} s`)), ms);
    };
    const fail = (cause: unknown) => {
      clearTimeout(timer);
      sending.destroy();
      const failure = transportFailure(cause);
      failure.wasSent = wasSent;
      reject(signal?.aborted ? signal.reason : failure);
    };
    giveUpAfter(connectMs, NO_CONNECTION);
    sending.on("socket", (socket) => {
      socket.once("secureConnect", () => giveUpAfter(answerMs, NO_ANSWER));
    });
    sending.on("finish", () => {
      wasSent = true;
    });
    sending.on("error", fail);
    sending.on("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > MOST_ANSWER_BYTES) fail(new TransportFailure("foreign", `it answers more than ${MOST_ANSWER_BYTES} bytes`));
      });
      response.on("error", fail);
      response.on("end", () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") });
      });
    });
    sending.end(body);
  });
}
