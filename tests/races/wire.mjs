// How the processes of these tests speak to a workspace: plain, without the client that is under test elsewhere.
import { request } from "node:http";
import { WebSocket } from "ws";

/** A call is one request. Rejects where nothing answers. */
export function overHttp(url, workspace) {
  const call = (method, params) =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      const sent = request(new URL(`/w/${workspace}/`, url), { method: "POST", headers }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part) => {
          text += part;
        });
        response.on("end", () => resolve(JSON.parse(text)));
      });
      sent.on("error", reject);
      sent.end(body);
    });
  return Promise.resolve({ call, close() {} });
}

/** All calls over one WebSocket. */
export function overSession(url, workspace) {
  const socket = new WebSocket(`${url.replace(/^http/, "ws").replace(/\/$/, "")}/w/${workspace}/session`, { perMessageDeflate: false });
  const waiting = new Map();
  let id = 0;
  socket.on("message", (data) => {
    const answer = JSON.parse(data.toString());
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  const call = (method, params) =>
    new Promise((resolve) => {
      id += 1;
      waiting.set(id, resolve);
      socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("open", () => resolve({ call, close: () => socket.terminate() }));
  });
}
