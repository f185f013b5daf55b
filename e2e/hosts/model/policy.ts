import type { Call, OfferedTool, Reply, Step, Turn } from "./turn.ts";

/** How a host names coord's tools to its model: what comes before the tool's own name, and the group where it has one. */
export interface Naming {
  readonly namespace?: string;
  readonly prefix: string;
  /** A call of the host's own that takes a second: what a model does meanwhile when coord's tools come late. */
  readonly meanwhile: { readonly tool: string; readonly args: Record<string, unknown> };
}

/** One of coord's tools that was called in this conversation. */
export interface CoordCall {
  /** coord's own name for the tool. */
  readonly tool: string;
  readonly args: unknown;
  /** What the model is shown, to the letter. */
  readonly shown: string;
  /** coord's answer within it, or undefined where there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: a script reads what it expects out of JSON
  readonly answer: Record<string, any> | undefined;
}

/** What a scripted model decides by: the same whatever host and wire. */
export interface Seen {
  /** coord's tools on offer, by coord's names: with their schemas, or by name only. */
  readonly tools: readonly string[];
  readonly calls: readonly CoordCall[];
  readonly latest: string;
  /** Everything that the model is told besides tools and their results: system prompt, rules, instructions, the user's words. */
  readonly told: string;
}

export type Act = { readonly call: string; readonly args?: Record<string, unknown> } | { readonly say: string };

/** A scripted model: its next step by what it has been shown. It keeps nothing between turns, as a model keeps nothing. */
export type Policy = (seen: Seen) => Act | Promise<Act>;

export function seenIn(turn: Turn, naming: Naming): Seen {
  return {
    tools: [...new Set(everyTool(turn).flatMap((tool) => coordName(tool, naming) ?? []))],
    calls: turn.steps.map((step) => coordCall(step, naming)).filter((call) => call !== undefined),
    latest: turn.latest,
    told: `${turn.system}\n${turn.said}`,
  };
}

const SEARCH = "ToolSearch";
/** How often a model looks again for tools that are not there yet. */
const MOST_WAITS = 20;

/**
 * The policy's act in the host's words. A tool that is named only is searched for first, as a model has to; one that is not on offer
 * yet is waited for with other work, and in the end words say that it never came.
 */
export function replyOf(act: Act, turn: Turn, naming: Naming): Reply {
  if ("say" in act) return { text: act.say };
  const tool = turn.tools.find((one) => coordName(one, naming) === act.call);
  if (tool) return oneCall(tool, act.args ?? {});
  const named = turn.deferred.filter((name) => coordName({ name }, naming) !== undefined);
  const searched = turn.steps.some((step) => step.tool === SEARCH);
  if (named.length > 0 && !searched) return oneCall({ name: SEARCH }, { query: `select:${named.join(",")}`, max_results: named.length });
  const { meanwhile } = naming;
  const own = turn.tools.find(({ name }) => name === meanwhile.tool);
  const waited = turn.steps.filter((step) => step.tool === meanwhile.tool).length;
  if (own && waited < MOST_WAITS && !searched) return oneCall(own, meanwhile.args);
  return { text: `${act.call} is not among the ${turn.tools.length} tools` };
}

function oneCall(tool: OfferedTool, args: Record<string, unknown>): Reply {
  const call: Call = { tool, args };
  return { calls: [call] };
}

function everyTool({ tools, deferred }: Turn): OfferedTool[] {
  return [...tools, ...deferred.map((name) => ({ name }))];
}

function coordName({ namespace, name }: OfferedTool, naming: Naming): string | undefined {
  return namespace === naming.namespace && name.startsWith(naming.prefix) ? name.slice(naming.prefix.length) : undefined;
}

function coordCall({ tool, args, shown }: Step, naming: Naming): CoordCall | undefined {
  const before = `${naming.namespace ? `${naming.namespace}.` : ""}${naming.prefix}`;
  if (!tool.startsWith(before) || shown === undefined) return undefined;
  return { tool: tool.slice(before.length), args, shown, answer: answerIn(shown) };
}

/** coord's JSON within what a host made of it: words around it, or (Gemini CLI's refusals) a text within the host's own JSON. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export function answerIn(shown: string): Record<string, any> | undefined {
  const own = /with response: (\[.*\])/s.exec(shown)?.[1];
  if (own !== undefined) {
    const [part] = (parsed(own) ?? []) as { functionResponse?: { response?: { content?: { text?: string }[] } } }[];
    return answerIn(part?.functionResponse?.response?.content?.[0]?.text ?? "");
  }
  const [from, to] = [shown.indexOf("{"), shown.lastIndexOf("}")];
  // biome-ignore lint/suspicious/noExplicitAny: as above
  return from < 0 ? undefined : (parsed(shown.slice(from, to + 1)) as Record<string, any> | undefined);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no answer of coord's: the host's own words
  }
}
