/** A request answered within this time gets a plain response; one that waits longer, a stream. In milliseconds. */
const PATIENCE_MS = 1_000;

/** How often a held response writes a space while it waits, in milliseconds. */
const BEAT_MS = 500;

const HEADERS = { "content-type": "application/json", "cache-control": "no-store" };

/**
 * The response to a call that may wait. workerd tells nobody that a client has gone until something is written to it, so a held
 * response is a stream that writes a space twice a second (JSON allows white space before a value): the write that fails cancels
 * the stream, and the question leaves the board. It also keeps proxies from giving up on the connection.
 * @param gone called once, when the client went away before the answer
 */
export async function heldResponse(answer: Promise<string | Response | null>, gone: () => void): Promise<Response> {
  let timer: number | null = null;
  const patience = new Promise<"waiting">((resolve) => {
    timer = setTimeout(() => resolve("waiting"), PATIENCE_MS);
  });
  const first = await Promise.race([answer, patience]).finally(() => clearTimeout(timer));
  if (first === null) return new Response(null, { status: 204 });
  if (first !== "waiting") return new Response(typeof first === "string" ? first : first.body, { headers: HEADERS });

  const encoder = new TextEncoder();
  let beat: number | null = null;
  let left = false;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(" "));
      beat = setInterval(() => controller.enqueue(encoder.encode(" ")), BEAT_MS);
      answer.then(textOf).then(
        (text) => {
          clearInterval(beat);
          if (left) return;
          controller.enqueue(encoder.encode(text));
          controller.close();
        },
        (error) => {
          clearInterval(beat);
          if (!left) controller.error(error);
        },
      );
    },
    cancel() {
      left = true;
      clearInterval(beat);
      gone();
    },
  });
  return new Response(body, { headers: HEADERS });
}

/** The whole text of an answer, whichever way it came. */
export async function textOf(answer: string | Response | null): Promise<string> {
  return answer instanceof Response ? answer.text() : (answer ?? "");
}
