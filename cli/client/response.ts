import { MOST_ANSWER_BYTES, MOST_HEAD_BYTES, type Reply } from "./exchange.ts";
import { TransportFailure } from "./failures.ts";

const HEAD_END = "\r\n\r\n";
const HEADER = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;
/** The line with a chunk's size, with whatever extension follows it. */
const MOST_LINE_BYTES = 1024;

type Body = "length" | "chunks" | "rest";
type Place = "head" | "body" | "size" | "chunk" | "chunk end" | "trailer" | "done";

/**
 * Reads one HTTP/1.1 response (RFC 9112) from bytes that arrive split anywhere: of a length, in chunks, or until the connection ends.
 * Strict: two lengths, a length beside chunks, folded headers, bare line feeds and control characters are refused. Bounded in its head
 * and in its body. What follows the answer is not looked at: the connection is for this one alone.
 */
export class ResponseReader {
  #place: Place = "head";
  #body: Body = "rest";
  #status = 0;
  /** Bytes that are not understood yet: at most a head or a line. */
  #pending: Buffer = Buffer.alloc(0);
  #remaining = 0;
  #size = 0;
  readonly #pieces: Buffer[] = [];

  /** @returns whether the answer is complete. @throws TransportFailure `foreign`, for what is no HTTP or too much of it. */
  push(bytes: Buffer): boolean {
    let left = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    this.#pending = Buffer.alloc(0);
    while (!this.#isDone()) {
      if (left.length === 0) return false;
      const after = this.#step(left);
      if (after === undefined) {
        this.#pending = left;
        return false;
      }
      left = after;
    }
    return true;
  }

  #isDone(): boolean {
    return this.#place === "done";
  }

  /** The connection has ended. @throws TransportFailure where it did before the answer. */
  end(): void {
    if (this.#place === "done") return;
    if (this.#place === "body" && this.#body === "rest") this.#place = "done";
    else if (this.#place === "head" && this.#pending.length > 0 && !this.#pending.includes("\r\n")) throw notHttp();
    else throw new TransportFailure("broken", "the connection ended before the answer did");
  }

  get reply(): Reply {
    return { status: this.#status, text: Buffer.concat(this.#pieces).toString("utf8") };
  }

  /** Takes what it can off the front; undefined where more has to come first. */
  #step(left: Buffer): Buffer | undefined {
    if (this.#place === "head") return this.#readHead(left);
    if (this.#place === "body" || this.#place === "chunk") return this.#readBytes(left);
    const line = takeLine(left, this.#place === "trailer" ? MOST_HEAD_BYTES : MOST_LINE_BYTES);
    if (line === undefined) return undefined;
    const [text, after] = line;
    if (this.#place === "trailer") {
      this.#size += text.length;
      if (text === "") this.#place = "done";
      else if (!HEADER.test(text)) throw notHttp();
      this.#bound();
    } else if (this.#place === "chunk end") {
      if (text !== "") throw notHttp();
      this.#place = "size";
    } else {
      const size = /^([0-9a-fA-F]{1,8})(?:[ \t]*;[\t\x20-\x7e]*)?$/.exec(text)?.[1];
      if (size === undefined) throw notHttp();
      this.#remaining = Number.parseInt(size, 16);
      this.#place = this.#remaining === 0 ? "trailer" : "chunk";
    }
    return after;
  }

  #readBytes(left: Buffer): Buffer {
    const taken = this.#body === "rest" ? left : left.subarray(0, this.#remaining);
    this.#pieces.push(taken);
    this.#size += taken.length;
    this.#bound();
    this.#remaining -= taken.length;
    if (this.#body !== "rest" && this.#remaining === 0) this.#place = this.#place === "chunk" ? "chunk end" : "done";
    return left.subarray(taken.length);
  }

  #bound(): void {
    if (this.#size > MOST_ANSWER_BYTES) throw new TransportFailure("foreign", `it answers more than ${MOST_ANSWER_BYTES} bytes`);
  }

  #readHead(left: Buffer): Buffer | undefined {
    const begun = left.subarray(0, 5).toString("latin1");
    if (!"HTTP/".startsWith(begun)) throw notHttp();
    const end = left.indexOf(HEAD_END);
    if ((end === -1 ? left.length : end) > MOST_HEAD_BYTES)
      throw new TransportFailure("foreign", `the head of its answer is more than ${MOST_HEAD_BYTES} bytes`);
    if (end === -1) return undefined;
    const [first = "", ...lines] = left.subarray(0, end).toString("latin1").split("\r\n");
    const status = /^HTTP\/1\.[01] ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/.exec(first)?.[1];
    if (status === undefined) throw notHttp();
    this.#status = Number(status);
    const headers = lines.map((line) => HEADER.exec(line) ?? raise(notHttp()));
    if (this.#status >= 200) this.#chooseBody(headers);
    else if (this.#status === 101) throw notHttp(); // nobody asked for another protocol; other news comes before the answer itself
    return left.subarray(end + HEAD_END.length);
  }

  /** How the body ends (RFC 9112 §6.3). */
  #chooseBody(headers: readonly RegExpExecArray[]): void {
    const valuesOf = (name: string) => headers.filter(([, each]) => each?.toLowerCase() === name).map(([, , value = ""]) => value.trim());
    const lengths = valuesOf("content-length");
    const codings = valuesOf("transfer-encoding");
    if (lengths.length + codings.length > 1) throw notHttp();
    this.#place = "body";
    if (this.#status === 204 || this.#status === 304) {
      this.#place = "done";
    } else if (codings.length === 1) {
      if (codings[0]?.toLowerCase() !== "chunked") throw notHttp();
      this.#body = "chunks";
      this.#place = "size";
    } else if (lengths.length === 1) {
      if (!/^\d{1,15}$/.test(lengths[0] ?? "")) throw notHttp();
      this.#body = "length";
      this.#remaining = Number(lengths[0]);
      if (this.#remaining === 0) this.#place = "done";
    }
  }
}

/** The first line and what comes after it; undefined where its end has not come yet. */
function takeLine(left: Buffer, most: number): [string, Buffer] | undefined {
  const end = left.indexOf("\r\n");
  if ((end === -1 ? left.length : end) > most) throw notHttp();
  return end === -1 ? undefined : [left.subarray(0, end).toString("latin1"), left.subarray(end + 2)];
}

function notHttp(): TransportFailure {
  return new TransportFailure("foreign", "what answers there does not speak HTTP");
}

function raise(error: Error): never {
  throw error;
}
