import type { STATES } from "../../protocol/lifecycle.ts";
import type { Graph } from "./graph.ts";
import { stateLabel } from "./tasks.ts";
import { clean, fit } from "./text.ts";

const MOST_NAME_COLUMNS = 60;

const COLOURS: Partial<Record<keyof typeof STATES, string>> = {
  claimed: "fill:#fff3bf,stroke:#e67700",
  review: "fill:#d0ebff,stroke:#1864ab",
  completed: "fill:#d3f9d8,stroke:#2b8a3e",
  failed: "fill:#ffe3e3,stroke:#c92a2a",
  cancelled: "fill:#f1f3f5,stroke:#868e96",
};

/**
 * The graph as a Mermaid flowchart: work flows along the arrows, from what is waited for to what waits. Only letters, digits and
 * spaces of a name stand for themselves; everything else is written as a character reference, so that no name is ever syntax.
 */
export function mermaidLines({ tasks, edges }: Graph): string[] {
  const numbers = new Map(tasks.map(({ id, number }) => [id, number]));
  const states = [...new Set(tasks.map(({ state }) => state))];
  return [
    "flowchart TD",
    ...tasks.map((job) => {
      const holder = job.state === "claimed" && job.claimed_by ? ` - ${fit(clean(job.claimed_by), 30)}` : "";
      const name = fit(clean(job.name), MOST_NAME_COLUMNS);
      return `  t${job.number}["${quoted(`#${job.number} ${name}`)}<br/>${quoted(stateLabel(job) + holder)}"]:::${job.state}`;
    }),
    ...edges.flatMap(({ task_id, depends_on }) => {
      const [from, to] = [numbers.get(depends_on), numbers.get(task_id)];
      return from === undefined || to === undefined ? [] : [`  t${from} --> t${to}`];
    }),
    ...states.map((state) => `  classDef ${state} ${COLOURS[state] ?? "fill:#ffffff,stroke:#495057"}`),
  ];
}

function quoted(text: string): string {
  return Array.from(text, (character) => (/[\p{L}\p{N} ]/u.test(character) ? character : `#${character.codePointAt(0)};`)).join("");
}
