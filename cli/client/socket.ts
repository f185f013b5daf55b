import type { IncomingMessage } from "node:http";
import { type ClientOptions, type RawData, WebSocket } from "ws";
import type { CliError } from "../errors.ts";
import { authorization, sessionUrl } from "./address.ts";
import { isRpcError, refused, TransportFailure, transportFailure } from "./failures.ts";
import type { Target } from "./types.ts";

/** A text frame that the runtime answers by itself, without waking the workspace (protocol: `SESSION_PING`, `SESSION_PONG`). */
const PING = "ping";
const PONG = "pong";

export interface SocketTimes {
  /** The upgrade must be answered within this. */
  readonly handshakeMs: number;
  /** A ping goes out this often; an open session counts as its agent being seen. */
  readonly pingMs: number;
  /** Without any frame for this long after a ping, the peer is taken for dead. */
  readonly pongMs: number;
}

export const SOCKET_TIMES: SocketTimes = { handshakeMs: 5_000, pingMs: 20_000, pongMs: 10_000 };

/**
 * Every so many frames or characters the server is told how many frames were read (`session/ack`): it cuts off whoever lets 64 Mi
 * characters lie, since it has to keep them in memory.
 */
const ACK_EVERY = { frames: 256, chars: 1024 * 1024 };

/** How long the TCP connection may outlive a close frame at most. */
const LINGER_MS = 250;

export interface SocketHandlers {
  onOpen(): void;
  /** One parsed JSON value. */
  onFrame(frame: unknown): void;
  /** Exactly once, whatever ended it. A `CliError` is a refusal of the upgrade itself and will be the same next time. */
  onEnd(reason: TransportFailure | CliError): void;
}

export interface Socket {
  send(text: string): void;
  /** Sends the close frame, which is what frees a stopping server, and ends. */
  goodbye(): void;
  /** Drops the connection at once. */
  drop(reason: TransportFailure): void;
}

/**
 * A ws client whose end is the close *frame*. ws answers the peer's close frame by calling `close()`, and would then wait for
 * the peer to end the TCP connection, which the local runtime never does. Hence: whoever calls `close()` here is ws itself.
 */
class FrameEndedSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    super.close(code, reason);
    setImmediate(() => this.terminate());
  }

  /** Our own end: the close frame, then the connection as soon as that frame has left. The peer's answer tells nothing new. */
  goodbye(): void {
    super.close(1000);
    const endOnceSent = () => (this.bufferedAmount > 0 ? setTimeout(endOnceSent, 5) : this.terminate());
    setImmediate(endOnceSent);
  }
}

/**
 * Opens one WebSocket to the workspace's session endpoint, without compression: with it an idle socket costs the server five times
 * the memory (runtime.md §0.3). Reports every frame and, exactly once, the end.
 */
export function openSocket(target: Target, handlers: SocketHandlers, times: SocketTimes = SOCKET_TIMES): Socket {
  const options: ClientOptions & { closeTimeout: number } = {
    perMessageDeflate: false,
    handshakeTimeout: times.handshakeMs,
    closeTimeout: LINGER_MS,
    headers: authorization(target),
  };
  const socket = new FrameEndedSocket(sessionUrl(target), options);
  let ended = false;
  let lastHeard = 0;
  let pinging: NodeJS.Timeout | undefined;
  let awaitingPong: NodeJS.Timeout | undefined;
  let framesRead = 0;
  let charsToAck = 0;

  const end = (reason: TransportFailure | CliError) => {
    if (ended) return;
    ended = true;
    clearInterval(pinging);
    clearTimeout(awaitingPong);
    handlers.onEnd(reason);
  };
  const drop = (reason: TransportFailure) => {
    end(reason);
    socket.terminate();
  };
  const ping = () => {
    const sentAt = performance.now();
    socket.send(PING);
    clearTimeout(awaitingPong);
    awaitingPong = setTimeout(() => {
      if (lastHeard < sentAt) drop(new TransportFailure("silent", `no sign of life for ${times.pongMs / 1000} s`));
    }, times.pongMs);
  };

  socket.on("open", () => {
    if (ended) return;
    lastHeard = performance.now();
    pinging = setInterval(ping, times.pingMs);
    handlers.onOpen();
  });
  socket.on("message", (data: RawData, isBinary: boolean) => {
    if (ended) return;
    lastHeard = performance.now();
    const text = data.toString();
    if (text === PONG) return;
    framesRead += 1;
    charsToAck += text.length;
    if (charsToAck >= ACK_EVERY.chars || framesRead % ACK_EVERY.frames === 0) {
      charsToAck = 0;
      socket.send(JSON.stringify({ jsonrpc: "2.0", method: "session/ack", params: { frames: framesRead } }));
    }
    let frame: unknown;
    try {
      if (isBinary) throw new Error("a binary frame");
      frame = JSON.parse(text);
    } catch {
      // An answer may be lost in it: only a new connection, on which everything is asked again, is sure to bring it.
      return drop(new TransportFailure("broken", "the server sent a frame that is not JSON text"));
    }
    handlers.onFrame(frame);
  });
  socket.on("unexpected-response", (_request, response) => {
    // Kept alive for another request, which will not come, it would keep this process from ending.
    const connection = response.socket;
    readRefusal(response, times.handshakeMs, (reason) => {
      end(reason);
      connection.destroy();
    });
  });
  socket.on("error", (cause) => end(handshakeTimedOut(cause) ? new TransportFailure("silent", cause.message) : transportFailure(cause)));
  socket.on("close", (code) => end(new TransportFailure("broken", `the session was closed (${code})`)));

  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    goodbye: () => socket.goodbye(),
    drop,
  };
}

function handshakeTimedOut(cause: Error): boolean {
  return /handshake has timed out/.test(cause.message);
}

const REFUSAL_CHARS = 64 * 1024;

/**
 * What an HTTP answer in place of the upgrade says: a refusal of coord's, or something that is not coord. Whatever answers there may go on for
 * ever: it is heard for `withinMs`, and no longer than any refusal is.
 */
function readRefusal(response: IncomingMessage, withinMs: number, done: (reason: TransportFailure | CliError) => void): void {
  const status = response.statusCode ?? 0;
  let text = "";
  const tooLong = () => done(new TransportFailure("foreign", `what answers there is not coord (HTTP status ${status}, without an end)`));
  const timer = setTimeout(tooLong, withinMs);
  response.once("close", () => clearTimeout(timer));
  response.setEncoding("utf8");
  response.on("data", (chunk: string) => {
    text += chunk;
    if (text.length > REFUSAL_CHARS) tooLong();
  });
  response.on("error", (cause) => done(transportFailure(cause)));
  response.on("end", () => {
    if (status >= 500) return done(new TransportFailure("broken", `the server answered with HTTP status ${status}`));
    let error: unknown;
    try {
      error = (JSON.parse(text) as { error?: unknown } | null)?.error;
    } catch {
      error = undefined; // not JSON, hence not a refusal of coord's
    }
    if (isRpcError(error)) return done(refused(error));
    if (status === 401 || status === 403)
      return done(refused({ code: status === 401 ? -32010 : -32011, message: `the server answered with HTTP status ${status}` }));
    done(new TransportFailure("foreign", `what answers there is not coord (HTTP status ${status})`));
  });
}
