import type { Task } from "../../protocol/index.ts";
import type { Board, CallOptions } from "../board.ts";

/** The shortest beginning of an id that names a task. */
const PREFIX_CHARS = 4;

/**
 * The task that a reference names; null where there is none. Digits are a number first; where no task has that number they may be the
 * beginning of an id, which one in forty ids of eight characters is in digits alone. A beginning that fits several tasks is refused.
 */
export async function taskNamed(board: Board, ref: string, options?: CallOptions): Promise<Task | null> {
  const digits = digitsOf(ref);
  const task = digits?.startsWith("0") ? null : await board.read("tasks/get", { id: ref }, options);
  return task || digits === undefined ? task : board.read("tasks/get", { id: digits }, options);
}

/** The digits of `#1234` where they may be the beginning of an id as well. */
export function digitsOf(ref: string): string | undefined {
  const digits = ref.slice(1);
  return ref.startsWith("#") && /^\d+$/.test(digits) && digits.length >= PREFIX_CHARS ? digits : undefined;
}
