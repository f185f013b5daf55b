import { createServer } from "node:net";
import { WebSocket } from "ws";

/** A port that was free a moment ago, for what has to know its port beforehand. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** One JSON-RPC call by HTTP POST. Returns the result; throws the error's message. */
export async function rpc(url: string, method: string, params: object, headers: Record<string, string> = {}): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
  if (error) throw new Error(error.message);
  return result;
}

/**
 * Opens raw sessions and resolves when all are open. `polite` ones close when the server says bye, as coord's clients do;
 * the others do nothing, as a client that hangs.
 */
export function openSockets(url: string, count: number, { polite }: { polite: boolean }): Promise<WebSocket[]> {
  const open = (): Promise<WebSocket> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`${url.replace(/^http/, "ws")}session`, { perMessageDeflate: false });
      socket.once("open", () => {
        socket.on("error", () => {
          // The server is gone: what these tests bring about.
        });
        resolve(socket);
      });
      socket.once("error", reject);
      if (polite) {
        socket.on("message", (data) => {
          if (String(data).includes('"bye"')) socket.close();
        });
      }
    });
  return Promise.all(Array.from({ length: count }, open));
}
