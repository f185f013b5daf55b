import { AGENTS_TEXT } from "../agents-text.ts";
import { block, type FilePart, placeIn } from "../parts.ts";
import type { Around, Reach } from "./host.ts";
import { inProject } from "./shapes.ts";

const BEGIN = /^<!-- coord:begin/m;

/** The rules themselves, which most hosts read by themselves. */
export function agentsPart(folder: string): FilePart {
  return { place: placeIn(folder, "AGENTS.md"), part: block({ id: "rules", body: AGENTS_TEXT, label: "how agents work together" }) };
}

/** A block that makes a host read AGENTS.md by its import; none where the file imports it without us. */
export function importPart(around: Around, name: string, line: string): FilePart[] {
  const place = inProject(around, name);
  const text = around.read(place) ?? "";
  if (!BEGIN.test(text) && imports(text, line)) return [];
  return [{ place, part: block({ id: "import", body: line, label: "imports AGENTS.md" }) }];
}

/** Whether a Markdown file imports AGENTS.md, with this line or in the middle of one. */
export function imports(text: string, line: string): boolean {
  return text.split(/\r?\n/).some((one) => new RegExp(`(^|\\s)${line.replaceAll(".", "\\.")}(\\s|$)`).test(one));
}

/** Whether a file of the project holds coord's rules. */
export function hasRules(around: Around, name: string): boolean {
  return BEGIN.test(around.read(inProject(around, name)) ?? "");
}

export const exists = (around: Around, name: string): boolean => around.read(inProject(around, name)) !== undefined;

/** For a host that reads AGENTS.md by itself. */
export function readsAgents(around: Around, host: string): Reach {
  if (hasRules(around, "AGENTS.md")) return { ok: true, by: "AGENTS.md" };
  return { ok: false, message: "AGENTS.md does not say how agents share the board", next: `coord init --for ${host}` };
}
