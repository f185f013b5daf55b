import { readFileSync } from "node:fs";
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from "yaml";
import { LIMITS } from "../../protocol/limits.ts";
import { overLimit } from "../../protocol/refusals.ts";
import { CliError } from "../errors.ts";
import { badPlan, type Mistake } from "./mistakes.ts";

/** One task as its author wrote it, with the lines of its file. */
export interface Entry {
  readonly value: Readonly<Record<string, unknown>>;
  readonly line: number;
  lineOf(field: string): number;
}

/** What a plan's file says, before any of it is looked at. */
export interface PlanText {
  /** The file's name, or "standard input". */
  readonly source: string;
  readonly entries: readonly Entry[];
}

/** @param file a path, or `-` for standard input */
export function readPlan(file: string): PlanText {
  const source = file === "-" ? "standard input" : file;
  let text: string;
  try {
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (cause) {
    throw new CliError(`cannot read ${source}: ${(cause as Error).message}`, {
      next: "coord plan FILE.yaml, FILE.json, or - for stdin",
      cause,
    });
  }
  return { source, entries: parsePlan(text, source) };
}

/** The tasks of a plan's text: YAML 1.2, of which JSON is a part. */
export function parsePlan(text: string, source: string): Entry[] {
  const { value: most, unit } = LIMITS.body_bytes;
  if (Buffer.byteLength(text) > most) throw badPlan(source, [overLimit("body_bytes", most, unit, Buffer.byteLength(text))]);
  const lines = new LineCounter();
  const { document, value } = load(text, source, lines);
  const { contents } = document;
  const lineOf = (node: unknown): number => (isNode(node) && node.range ? lines.linePos(node.range[0]).line : 1);
  const wrong = (message: string, node: unknown = contents) => badPlan(source, [{ message, line: lineOf(node) }]);

  let list: Node | null = contents;
  let tasks: unknown = value;
  if (isMap(contents)) {
    const others = Object.keys(value as object).filter((name) => name !== "tasks");
    if (!contents.has("tasks")) throw wrong("a plan is a list of tasks, or {tasks: [ … ]}");
    if (others.length > 0) throw wrong(`beside tasks there is nothing in a plan; found ${others.join(", ")}`);
    list = contents.get("tasks", true) as Node;
    tasks = (value as { tasks: unknown }).tasks;
  }
  if (!isSeq(list) || !Array.isArray(tasks)) throw wrong("a plan is a list of tasks, or {tasks: [ … ]}", list);
  if (tasks.length === 0) throw wrong("there is no task in it", list);
  if (tasks.length > LIMITS.batch_calls.value) {
    const { value: limit, why } = LIMITS.batch_calls;
    throw wrong(
      `at most ${limit} tasks in one plan, given ${tasks.length} (${why}); split it, and let the second part name the first's ids`,
      list,
    );
  }
  const { items } = list;
  return tasks.map((task: unknown, index): Entry => {
    const node = items[index];
    if (!isMap(node) || typeof task !== "object" || task === null)
      throw wrong(`task ${index + 1} is not an object with a name, as \`- name: build the parser\``, node);
    return {
      value: task as Record<string, unknown>,
      line: lineOf(node),
      lineOf: (field) => lineOf(node.items.find(({ key }) => isScalar(key) && key.value === field)?.key ?? node),
    };
  });
}

function load(text: string, source: string, lines: LineCounter): { document: Document; value: unknown } {
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true, logLevel: "error" });
    const problems = [...document.errors, ...document.warnings];
    if (problems.length > 0) {
      throw badPlan(
        source,
        problems.slice(0, 10).map(({ message, pos }) => {
          const { line } = lines.linePos(pos[0]);
          return { message: `${message.split("\n")[0]}${hint(text.split("\n")[line - 1] ?? "")}`, line };
        }),
      );
    }
    const lost = swallowed(document, lines);
    if (lost.length > 0) throw badPlan(source, lost);
    return { document, value: document.toJS() };
  } catch (error) {
    if (error instanceof CliError) throw error;
    // too deep for the parser's stack, or aliases without end or anchor
    throw badPlan(source, [{ message: `it cannot be read as YAML or JSON: ${(error as Error).message}` }]);
  }
}

/** What was meant as text and is a comment to YAML: `name: mend #12` says only "mend". Comments have a space after their sign. */
function swallowed(document: Document, lines: LineCounter): Mistake[] {
  const found: Mistake[] = [];
  visit(document, {
    Scalar(_key, { comment, range }) {
      if (!comment || !/^\d/.test(comment)) return;
      const { line } = lines.linePos(range?.[0] ?? 0);
      found.push({
        message: `#${comment.split("\n")[0]} is a comment to YAML: for text put it in quotes, for a task write its number alone`,
        line,
      });
    },
  });
  return found;
}

function hint(line: string): string {
  if (/[[,\s]#\d/.test(line)) return "; write 12 for task #12: YAML takes # for a comment";
  return /[:\s[,-]@/.test(line) ? "; write build for the sibling @build, or put it in quotes" : "";
}
