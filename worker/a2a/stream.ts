import { formatSSEErrorEvent, formatSSEEvent, SSE_HEADERS } from "@a2a-js/sdk";

/** How often a stream says that it lives, in milliseconds. */
const BEAT_MS = 500;

/**
 * Server-sent events, with a comment twice a second: workerd tells nobody that a client has gone until something is written to it, so the
 * write that fails cancels the stream. What the stream waits for on the board is taken back then.
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
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string) => {
        if (!left) controller.enqueue(encoder.encode(text));
      };
      write(formatSSEEvent(first));
      beat = setInterval(() => write(":\n"), BEAT_MS);
      void (async () => {
        try {
          for await (const event of rest) write(formatSSEEvent(event));
        } catch (error) {
          write(formatSSEErrorEvent(failure(error)));
        }
        clearInterval(beat);
        if (!left) controller.close();
      })();
    },
    cancel() {
      left = true;
      clearInterval(beat);
      gone();
    },
  });
  return new Response(body, { headers: { ...SSE_HEADERS, "cache-control": "no-store" } });
}
