/**
 * Sets one member deep inside a JSON text and leaves every other character of it as it is: the files that `coord init`
 * touches are other people's, with their own order, indentation and line ends.
 */
interface Member {
  readonly key: string;
  readonly keyStart: number;
  readonly value: Node;
}
interface Node {
  readonly start: number;
  readonly end: number;
  /** Only of objects. */
  readonly members?: readonly Member[];
}

/** What stands in the way of setting the member: a value on the path is no object. */
export class NotAnObject extends Error {
  readonly at: readonly string[];
  constructor(at: readonly string[]) {
    super(`${at.length ? at.join(".") : "the file"} is not a JSON object`);
    this.at = at;
  }
}

/**
 * The text with the member at `path` set to `value`.
 * @param text valid JSON (the caller has parsed it)
 * @param replace put an object where a value on the path is none; otherwise that is refused
 * @throws NotAnObject
 */
export function setMember(text: string, path: readonly [string, ...string[]], value: unknown, replace = false): string {
  const layout = layoutOf(text);
  let node = new Scanner(text).root();
  if (!node.members) throw new NotAnObject([]);
  for (let depth = 0; ; depth++) {
    const rest = path.slice(depth + 1);
    // JSON.parse takes the last of several members with one name, so that is the one which counts.
    const member: Member | undefined = node.members!.findLast((one) => one.key === path[depth]);
    if (!member) return insert(text, node, path[depth]!, nest(rest, value), layout);
    if (rest.length === 0) return splice(text, member.value, render(value, layout, lineIndent(text, member.keyStart)));
    if (!member.value.members) {
      if (!replace) throw new NotAnObject(path.slice(0, depth + 1));
      return splice(text, member.value, render(nest(rest, value), layout, lineIndent(text, member.keyStart)));
    }
    node = member.value;
  }
}

/** A value as JSON text with lists of plain values on one line, as people write them. */
export function renderJson(value: unknown): string {
  return `${render(value, { unit: "  ", newline: "\n" }, "")}\n`;
}

interface Layout {
  /** One level of indentation; empty where the text is written on one line. */
  readonly unit: string;
  readonly newline: string;
}

function layoutOf(text: string): Layout {
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const indented = /[{[][ \t]*\r?\n([ \t]+)\S/.exec(text);
  if (indented) return { unit: indented[1]!, newline };
  // `{}` and `{"a":1}` stand on one line; an empty one says nothing about its owner's habits.
  return { unit: /^\s*\{\s*\}\s*$/.test(text) ? "  " : "", newline };
}

function insert(text: string, object: Node, key: string, value: unknown, layout: Layout): string {
  const members = object.members!;
  const last = members.at(-1);
  const outer = lineIndent(text, object.start);
  const inner = last && ownLine(text, last.keyStart) ? lineIndent(text, last.keyStart) : outer + layout.unit;
  const colon = layout.unit === "" ? ":" : ": ";
  const member = `${JSON.stringify(key)}${colon}${render(value, layout, inner)}`;
  if (layout.unit === "") {
    const at = last ? last.value.end : object.start + 1;
    return `${text.slice(0, at)}${last ? "," : ""}${member}${text.slice(at)}`;
  }
  if (last) {
    const before = ownLine(text, last.keyStart) ? `,${layout.newline}${inner}` : ", ";
    return text.slice(0, last.value.end) + before + member + text.slice(last.value.end);
  }
  const filled = `{${layout.newline}${inner}${member}${layout.newline}${outer}}`;
  return splice(text, object, filled);
}

function splice(text: string, node: Node, replacement: string): string {
  return text.slice(0, node.start) + replacement + text.slice(node.end);
}

function nest(path: readonly string[], value: unknown): unknown {
  return path.reduceRight((inner, key) => ({ [key]: inner }), value);
}

function render(value: unknown, layout: Layout, indent: string): string {
  if (layout.unit === "" || typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = indent + layout.unit;
  if (Array.isArray(value)) {
    if (value.every((one) => typeof one !== "object" || one === null)) return `[${value.map((one) => JSON.stringify(one)).join(", ")}]`;
    return wrap(
      "[",
      "]",
      value.map((one) => render(one, layout, inner)),
    );
  }
  const members = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${render(one, layout, inner)}`);
  return members.length === 0 ? "{}" : wrap("{", "}", members);

  function wrap(open: string, close: string, items: string[]): string {
    return `${open}${layout.newline}${inner}${items.join(`,${layout.newline}${inner}`)}${layout.newline}${indent}${close}`;
  }
}

/** The white space that the line of this offset starts with. */
function lineIndent(text: string, offset: number): string {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset))![0];
}

/** Whether only white space stands before this offset on its line, and it is not the first line. */
function ownLine(text: string, offset: number): boolean {
  const newline = text.lastIndexOf("\n", offset - 1);
  return newline !== -1 && text.slice(newline + 1, offset).trim() === "";
}

/** Finds where the members of a valid JSON text are. What JSON.parse refuses must not come here. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  root(): Node {
    this.#space();
    return this.#value();
  }

  #space(): void {
    while (/[\s]/.test(this.#text[this.#at] ?? "")) this.#at++;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (!found) throw new Error(`not valid JSON at offset ${this.#at}`);
    this.#at = pattern.lastIndex;
    return found[0];
  }

  #value(): Node {
    const start = this.#at;
    const first = this.#text[start];
    if (first === "{" || first === "[") {
      const members = this.#items(first);
      return first === "{" ? { start, end: this.#at, members } : { start, end: this.#at };
    }
    this.#take(first === '"' ? STRING : SCALAR);
    return { start, end: this.#at };
  }

  #items(open: "{" | "["): Member[] {
    const close = open === "{" ? "}" : "]";
    const members: Member[] = [];
    this.#at++;
    for (;;) {
      this.#space();
      if (this.#text[this.#at] === close) {
        this.#at++;
        return members;
      }
      if (this.#text[this.#at] === ",") {
        this.#at++;
        continue;
      }
      const keyStart = this.#at;
      if (open === "[") {
        this.#value();
        continue;
      }
      const key = JSON.parse(this.#take(STRING)) as string;
      this.#take(COLON);
      members.push({ key, keyStart, value: this.#value() });
    }
  }
}

const STRING = /"(?:[^"\\]|\\.)*"/y;
const SCALAR = /[-+.\w]+/y;
const COLON = /\s*:\s*/y;
