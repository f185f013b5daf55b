import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

/**
 * A session spoken by hand over a bare connection, for clients that misbehave as no library lets them: that never read, that stop in the
 * middle of a frame, that vanish without a word (RFC 6455 §4 and §5).
 */
export class RawSocket {
  readonly socket: Socket;
  /** Resolves when the server, or whoever, ends the connection. */
  readonly closed: Promise<void>;
  /** Text that came, while it reads. */
  received = "";

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("error", () => {
      // reset by the server: `closed` tells
    });
  }

  static open(url: string): Promise<RawSocket> {
    const { port, hostname } = new URL(url);
    return new Promise((resolve, reject) => {
      const socket = connect({ port: Number(port), host: hostname });
      socket.once("error", reject);
      socket.once("connect", () => {
        const key = randomBytes(16).toString("base64");
        socket.write(
          `GET /session HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
        );
        socket.once("data", () => {
          socket.pause();
          socket.removeListener("error", reject);
          resolve(new RawSocket(socket));
        });
      });
    });
  }

  /** Reads on, and keeps what comes as it comes. */
  read(): void {
    this.socket.on("data", (part) => {
      this.received += part.toString("latin1");
    });
    this.socket.resume();
  }

  call(id: number, method: string, params: object): void {
    this.socket.write(frame(JSON.stringify({ jsonrpc: "2.0", id, method, params })));
  }

  /** Half of a frame, and no more. */
  half(): void {
    const whole = frame(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "workspace/info", params: {} }));
    this.socket.write(whole.subarray(0, whole.length / 2));
  }

  end(): void {
    this.socket.destroy();
  }
}

/** A masked text frame of at most 64 KiB. */
function frame(text: string): Buffer {
  const body = Buffer.from(text);
  const mask = randomBytes(4);
  const head =
    body.length < 126 ? Buffer.from([0x81, 0x80 | body.length]) : Buffer.from([0x81, 0x80 | 126, body.length >> 8, body.length & 255]);
  return Buffer.concat([head, mask, body.map((byte, at) => byte ^ mask[at & 3]!)]);
}
