import { type Refusal, refuse } from "../protocol/refusals.ts";

/** The board said no to a call, or a tool did before the board was asked. What is thrown and is neither this nor {@link Unreachable} is a bug. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.name = "Refused";
    this.refusal = refusal;
  }
}

/** The board did not answer, so that asking again may help. */
export class Unreachable extends Error {
  /** What the user can do about it. */
  readonly next: string;

  constructor(message: string, next: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "Unreachable";
    this.next = next;
  }
}

/** Whether the board answered that a claim is over: it ended, or its task is gone. */
export function isClaimOver(thrown: unknown): boolean {
  return thrown instanceof Refused && (thrown.refusal.code === "conflict" || thrown.refusal.code === "not_found");
}

/** An argument that the tool itself refuses, before the board sees it. */
export function badArgument(message: string, now: Record<string, unknown>): Refused {
  return new Refused(refuse("invalid_params", message, now));
}
