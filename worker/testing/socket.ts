import type { Socket } from "../session/session.ts";

/** A session's socket without a runtime: it keeps its attachment, and takes everything, unless a test says otherwise. */
export function scriptedSocket(over: Partial<Socket> = {}): Socket {
  let attachment: unknown;
  return {
    send() {},
    close() {},
    serializeAttachment(value) {
      attachment = value;
    },
    deserializeAttachment: () => attachment,
    ...over,
  };
}
