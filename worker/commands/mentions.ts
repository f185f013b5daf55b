import { LIMITS } from "../../protocol/index.ts";
import type { Turn } from "../core/turn.ts";

/** A handle after an `@` that does not stand inside a word, such as an e-mail address. */
const MENTION = /(?<![\p{L}\p{N}_@.-])@([\p{L}\p{N}_][\p{L}\p{N}_.-]*)/gu;

/** The handles that a text names with `@`, each once; a full stop or dash at the end is the sentence's. */
export function mentionsIn(text: string): string[] {
  const handles = [...text.matchAll(MENTION)].map((match) => match[1]!.replace(/[.-]+$/, ""));
  return [...new Set(handles)].filter((handle) => handle.length > 0 && handle.length <= LIMITS.agent_id_chars.value);
}

/** Files an event under each handle that it names, for their next check-in. */
export function tell(turn: Turn, handles: readonly string[], seq: number): void {
  for (const handle of handles) turn.sql.run("INSERT INTO mentions (agent_id, seq) VALUES (?, ?)", handle, seq);
}
