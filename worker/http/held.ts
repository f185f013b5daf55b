/** A request answered within this time gets a plain response; one that waits longer, a stream. In milliseconds. */
const PATIENCE_MS = 1_000;

/** How often a held response writes a space while it waits, in milliseconds. */
const BEAT_MS = 500;

/** Writes by which it is known whether the client is there before a job is handed to it, and how long after each, in milliseconds. */
const PROBES = 2;
const PROBE_MS = 4;

const HEADERS = { "content-type": "application/json", "cache-control": "no-store" };

/**
 * Whether a call in this body may have to wait. Only the object parses bodies, so the text is searched: every parameter and method that waits
 * has "wait" in its name, unless JSON escapes hide it. Where it stands in a task's own words, the request is watched to no end, and nothing else.
 */
export function mayWait(body: string): boolean {
  return /wait|\\u/i.test(body);
}

/** The response to what is answered already. */
export function plainResponse(answer: Answered): Response {
  if (answer === null) return new Response(null, { status: 204 });
  if (isHandedOver(answer)) return new Response(answer.handedOver, { headers: HEADERS });
  return new Response(typeof answer === "string" ? answer : answer.body, { headers: HEADERS });
}

/** The answer to a call, if there is one. One that hands a job over, for which a client waited in line, says so. */
export type Answered = string | Response | { readonly handedOver: string } | null;

/**
 * The response to a call that may wait. workerd tells nobody that a client has closed until something is written to it, so a held
 * response is a stream that writes a space twice a second (JSON allows white space before a value): the write that fails cancels
 * the stream, and the question leaves the board. It also keeps proxies from giving up on the connection.
 *
 * A job that is handed over is nobody else's then, so just before its answer the client is looked for: the first space makes the
 * machine of one that has closed say so, which cancels the stream. What is left is a client that goes in the very moment of its answer, or
 * whose network says nothing: its claim ends with its lease.
 * @param signal the request's: of a connection that is reset, workerd tells by it at once, and ends a request that has no response yet
 * @param gone called once, when the client went away before the answer was written
 */
export async function heldResponse(answer: Promise<Answered>, signal: AbortSignal, gone: () => void): Promise<Response> {
  let left = false;
  let written = false;
  const leave = () => {
    // of an answer that was written, nobody can say whether it was read
    if (!left && !written) gone();
    left = true;
  };
  signal.addEventListener("abort", leave, { once: true });
  let timer: number | null = null;
  const patience = new Promise<"waiting">((resolve) => {
    timer = setTimeout(() => resolve("waiting"), PATIENCE_MS);
  });
  const first = await Promise.race([answer, patience]).finally(() => clearTimeout(timer));
  if (first !== "waiting" && !isHandedOver(first)) {
    written = true;
    return plainResponse(first);
  }

  const encoder = new TextEncoder();
  let beat: number | null = null;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string) => {
        if (!left) controller.enqueue(encoder.encode(text));
      };
      write(" ");
      beat = setInterval(() => write(" "), BEAT_MS);
      const end = async () => {
        const given = await answer;
        const text = await textOf(given);
        for (let probes = 0; isHandedOver(given) && probes < PROBES; probes += 1) {
          write(" ");
          await new Promise<void>((resolve) => setTimeout(resolve, PROBE_MS));
        }
        if (left) return;
        written = true;
        write(text);
        controller.close();
      };
      end()
        .catch((error) => {
          if (!left) controller.error(error);
        })
        .finally(() => clearInterval(beat));
    },
    cancel() {
      clearInterval(beat);
      leave();
    },
  });
  return new Response(body, { headers: HEADERS });
}

/** Whether the answer hands a job over. */
export function isHandedOver(answer: Answered): answer is { readonly handedOver: string } {
  return typeof answer === "object" && answer !== null && "handedOver" in answer;
}

/** The whole text of an answer, whichever way it came. */
export async function textOf(answer: Answered): Promise<string> {
  if (isHandedOver(answer)) return answer.handedOver;
  return answer instanceof Response ? answer.text() : (answer ?? "");
}
