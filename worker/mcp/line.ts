/** Between the two writes that find out whether a client is there, in milliseconds: the first makes a peer that has gone say so, the second fails. */
const ANSWER_MS = 15;

const COMMENT = new TextEncoder().encode(": is anybody there?\n\n");

/**
 * The line on which a response goes out. workerd tells of a client that has gone only when a write to it fails; before a job is handed
 * over, which nobody else gets then, it is worth two writes to know.
 */
export class Line {
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #isGone = false;

  /** The response, by this line, where it is a stream of events. Its chunks are whole frames, between which a comment may stand. */
  carry(response: Response): Response {
    const { body, headers, status } = response;
    if (!body || !headers.get("content-type")?.startsWith("text/event-stream")) return response;
    const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: async (controller) => {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        this.#controller = undefined;
        controller.close();
      },
      cancel: (reason) => {
        this.#isGone = true;
        this.#controller = undefined;
        return reader.cancel(reason);
      },
    });
    return new Response(stream, { status, headers });
  }

  /** Whether the client is still there, as far as its machine says. */
  async isThere(): Promise<boolean> {
    for (let writes = 0; writes < 2 && this.#controller; writes++) {
      this.#controller.enqueue(COMMENT);
      await new Promise<void>((resolve) => setTimeout(resolve, ANSWER_MS));
    }
    return !this.#isGone;
  }
}
