import { formatSSEErrorEvent, formatSSEEvent, SSE_HEADERS } from "@a2a-js/sdk";

/** How often a stream says that it lives, in milliseconds. */
const BEAT_MS = 500;

/**
 * Server-sent events, with a comment twice a second: workerd tells nobody that a client has gone until something is written to it, so the
 * write that fails cancels the stream. What the stream waits for on the board is taken back then. A client that reads slower than things
 * happen is waited for: what it has not read stays in the log, not here.
 * @param first already awaited: what is refused before the stream begins is no stream
 * @param failure the error event for what ends the stream otherwise
 * @param gone called once, when the client went away before the end
 */
export function eventStream(
  first: unknown,
  rest: AsyncGenerator<unknown>,
  failure: (error: unknown) => unknown,
  gone: () => void,
): Response {
  const encoder = new TextEncoder();
  let beat: number | null = null;
  let left = false;
  let roomAgain = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const isFull = () => (controller.desiredSize ?? 0) <= 0;
      const write = (text: string) => {
        if (!left) controller.enqueue(encoder.encode(text));
      };
      const room = async () => {
        while (isFull() && !left) {
          await new Promise<void>((resolve) => {
            roomAgain = resolve;
          });
        }
      };
      write(formatSSEEvent(first));
      beat = setInterval(() => {
        // what waits to be written tells as much
        if (!isFull()) write(":\n");
      }, BEAT_MS);
      void (async () => {
        try {
          // an event is read from the board once there is room for it
          for (await room(); ; await room()) {
            const { done, value } = await rest.next();
            if (done) break;
            write(formatSSEEvent(value));
          }
        } catch (error) {
          write(formatSSEErrorEvent(failure(error)));
        }
        clearInterval(beat);
        if (!left) controller.close();
      })();
    },
    pull() {
      roomAgain();
    },
    cancel() {
      left = true;
      clearInterval(beat);
      gone();
      roomAgain();
    },
  });
  return new Response(body, { headers: { ...SSE_HEADERS, "cache-control": "no-store" } });
}
