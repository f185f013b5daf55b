import { WebSocket } from "ws";
import type { Transport } from "./client.ts";

/** A server that listens at `url`, reached as any client reaches it: undici's `fetch`, and `ws` without compression. */
export function served(url: string): Transport {
  const base = url.replace(/\/$/, "");
  return {
    fetch: (path, options) => fetch(base + path, options),
    connect(path, receive) {
      const socket = new WebSocket(`${base.replace(/^http/, "ws")}${path}`, { perMessageDeflate: false });
      socket.on("message", (data) => receive(data.toString()));
      return new Promise((resolve, reject) => {
        socket.once("error", reject);
        socket.once("open", () => {
          // later errors end in a close, which the test sees by what does not come
          socket.removeListener("error", reject).on("error", () => {});
          resolve({ send: (frame) => socket.send(frame), close: () => socket.close() });
        });
      });
    },
  };
}
