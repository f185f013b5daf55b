/** One request to be posted, over whatever carries it. */
export interface Posting {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** How long the connection may take to come about, in milliseconds. */
  readonly connectMs: number;
  /** How long the answer may take from then on, in milliseconds. */
  readonly answerMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface Reply {
  readonly status: number;
  readonly text: string;
}

/** Far above the largest page of a board; what sends more is none. */
export const MOST_ANSWER_BYTES = 64 * 1024 * 1024;
/** As much as node:http takes. */
export const MOST_HEAD_BYTES = 16 * 1024;

export const NO_CONNECTION = "no connection";
export const NO_ANSWER = "it accepted the connection but did not answer";
