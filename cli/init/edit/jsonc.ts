import { createScanner, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { key, type Layout, layoutOf, lineIndent, ownLine, render } from "./layout.ts";

/** jsonc-parser's own numbers; it declares them as a const enum, of which nothing is left at run time. */
const Token = { comma: 5, lineComment: 12, blockComment: 13, lineBreak: 14, end: 17 } as const;

/**
 * Edits a JSON text, with comments and trailing commas where they are allowed, and leaves every other character of it as it is: the
 * files that `coord init` touches are other people's. The parser is jsonc-parser's; its `modify` is not used, because it writes the
 * neighbours of what it inserts anew, and puts it in front of the comment that belongs to the line before.
 */

/** What stands in the way of an edit: a value on the path is no object, or no list where one is wanted. */
export class NotAContainer extends Error {
  readonly at: readonly string[];
  constructor(at: readonly string[], kind: "object" | "list") {
    super(`${at.length ? at.join(".") : "the file"} is not a JSON ${kind}`);
    this.at = at;
  }
}

export type Path = readonly [string, ...string[]];

/** The text's value. A byte order mark is passed over. Throws a SyntaxError that says what and where. */
export function parseText(text: string, strict: boolean): unknown {
  const body = text.slice(markOf(text).length);
  if (strict) return JSON.parse(body);
  return valueIn(treeOf(body));
}

/**
 * The text with the member at `path` set to `value`. Of several members with one name the last counts, as in JSON.parse.
 * @param text one that `parseText` takes
 * @param replace put an object where a value on the path is none; otherwise that is refused
 * @throws NotAContainer
 */
export function setMember(text: string, path: Path, value: unknown, replace = false): string {
  return edit(text, (body, layout) => {
    let node = treeOf(body);
    if (node.type !== "object") throw new NotAContainer([], "object");
    for (let depth = 0; ; depth++) {
      const rest = path.slice(depth + 1);
      const member = memberOf(node, path[depth]!);
      if (!member)
        return insert(body, node, (indent) => `${key(path[depth]!, layout)}${render(nest(rest, value), layout, indent)}`, layout);
      if (rest.length === 0) return splice(body, member.value, render(value, layout, lineIndent(body, member.start)));
      if (member.value.type !== "object") {
        if (!replace) throw new NotAContainer(path.slice(0, depth + 1), "object");
        return splice(body, member.value, render(nest(rest, value), layout, lineIndent(body, member.start)));
      }
      node = member.value;
    }
  });
}

/** The text with one element more at the end of the list at `path`, which is made where it is not there. Throws NotAContainer. */
export function appendItem(text: string, path: Path, value: unknown, replace = false): string {
  const body = text.slice(markOf(text).length);
  const there = find(treeOf(body), path);
  if (!there) return setMember(text, path, [value], replace);
  if (there.type !== "array") {
    if (!replace) throw new NotAContainer(path, "list");
    return setMember(text, path, [value], true);
  }
  return edit(text, (inner, layout) => insert(inner, find(treeOf(inner), path)!, (indent) => render(value, layout, indent), layout));
}

/** The text with the element at `index` of the list at `path` set to `value`. */
export function setItem(text: string, path: Path, index: number, value: unknown): string {
  return edit(text, (body, layout) => {
    const item = find(treeOf(body), path)!.children![index]!;
    return splice(body, item, render(value, layout, lineIndent(body, item.offset)));
  });
}

/** The text without the member at `path`, if it is there; comments around it stay. An object that this leaves empty goes too, but none of the first `keep` on the path. */
export function removeMember(text: string, path: Path, keep = path.length): string {
  return edit(text, (body) => {
    const holder = path.length === 1 ? treeOf(body) : find(treeOf(body), path.slice(0, -1));
    const member = holder?.type === "object" ? memberOf(holder, path.at(-1)!) : undefined;
    if (!holder || !member) return body;
    const after = cut(body, holder, { offset: member.start, length: member.value.offset + member.value.length - member.start });
    return path.length - 1 > keep && isEmpty(after, path.slice(0, -1))
      ? removeMember(after, path.slice(0, -1) as unknown as Path, keep)
      : after;
  });
}

/** The text without the element at `index` of the list at `path`. What this leaves empty goes too, but nothing of the first `keep` on the path. */
export function removeItem(text: string, path: Path, index: number, keep = path.length): string {
  return edit(text, (body) => {
    const list = find(treeOf(body), path)!;
    const after = cut(body, list, list.children![index]!);
    return path.length > keep && isEmpty(after, path) ? removeMember(after, path, keep) : after;
  });
}

/** Whether a text holds an empty object and nothing else, not even a comment. */
export function isBare(text: string): boolean {
  return /^\ufeff?\s*\{\s*\}\s*$/.test(text);
}

interface Span {
  readonly offset: number;
  readonly length: number;
}

/** A byte order mark, which JSON.parse refuses and editors on Windows write. */
function markOf(text: string): string {
  return text.startsWith("\ufeff") ? "\ufeff" : "";
}

function edit(text: string, change: (body: string, layout: Layout) => string): string {
  const mark = markOf(text);
  const body = text.slice(mark.length);
  return mark + change(body, layoutOf(body));
}

function treeOf(body: string): Node {
  const errors: ParseError[] = [];
  const tree = parseTree(body, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first || !tree) {
    const line = body.slice(0, first?.offset ?? 0).split("\n").length;
    throw new SyntaxError(`${first ? printParseErrorCode(first.error) : "nothing in it"} in line ${line}`);
  }
  return tree;
}

/** Like jsonc-parser's getNodeValue, but with names such as __proto__ as plain members. */
function valueIn(node: Node): unknown {
  if (node.type === "array") return (node.children ?? []).map(valueIn);
  if (node.type !== "object") return node.value;
  const value: Record<string, unknown> = {};
  for (const property of node.children ?? []) {
    const [name, inner] = property.children ?? [];
    if (name && inner)
      Object.defineProperty(value, name.value as string, { value: valueIn(inner), enumerable: true, writable: true, configurable: true });
  }
  return value;
}

function memberOf(object: Node, name: string): { start: number; value: Node } | undefined {
  const property = object.children?.findLast((one) => one.children?.[0]?.value === name);
  const [label, value] = property?.children ?? [];
  return label && value ? { start: label.offset, value } : undefined;
}

function find(tree: Node, path: readonly string[]): Node | undefined {
  return path.reduce<Node | undefined>((node, name) => (node?.type === "object" ? memberOf(node, name)?.value : undefined), tree);
}

function isEmpty(body: string, path: readonly string[]): boolean {
  const node = find(treeOf(body), path);
  return node !== undefined && !node.children?.length && /^[{[]\s*[}\]]$/.test(body.slice(node.offset, node.offset + node.length));
}

/** Puts one more member or element at the end of a container, after the comment that belongs to the line of the last one. */
function insert(text: string, container: Node, content: (indent: string) => string, layout: Layout): string {
  const last = container.children?.at(-1);
  const outer = lineIndent(text, container.offset);
  const close = container.offset + container.length - 1;
  if (!last) return fill(text, container, content, layout, outer);
  const own = ownLine(text, last.offset);
  const inner = own ? lineIndent(text, last.offset) : outer + layout.unit;
  const end = last.offset + last.length;
  const { comma, rest } = tail(text, end, close);
  if (!own) {
    const room = layout.unit === "" && !layout.spaced ? "" : " ";
    const at = comma === undefined ? end : comma + 1;
    return `${text.slice(0, at)}${comma === undefined ? `,${room}` : room}${content(inner)}${comma === undefined ? "" : ","}${text.slice(at)}`;
  }
  const added = `${layout.newline}${inner}${content(inner)}`;
  if (comma !== undefined) return `${text.slice(0, rest)}${added},${text.slice(rest)}`;
  return `${text.slice(0, end)},${text.slice(end, rest)}${added}${text.slice(rest)}`;
}

/** Into an empty container; comments in it stay in front. */
function fill(text: string, container: Node, content: (indent: string) => string, layout: Layout, outer: string): string {
  const close = container.offset + container.length - 1;
  const inside = text.slice(container.offset + 1, close);
  if (layout.unit === "") return text.slice(0, close) + content("") + text.slice(close);
  const inner = outer + layout.unit;
  const before = inside.trim() === "" ? "" : inside.trimEnd();
  return `${text.slice(0, container.offset + 1)}${before}${layout.newline}${inner}${content(inner)}${layout.newline}${outer}${text.slice(close)}`;
}

/** Behind a container's last value: where its trailing comma is, and where the rest of its line, a comment included, ends. */
function tail(text: string, from: number, close: number): { comma: number | undefined; rest: number } {
  const scanner = createScanner(text, false);
  scanner.setPosition(from);
  let comma: number | undefined;
  let rest = from;
  let sameLine = true;
  for (let kind = scanner.scan(); scanner.getTokenOffset() < close && kind !== Token.end; kind = scanner.scan()) {
    const end = scanner.getTokenOffset() + scanner.getTokenLength();
    if (kind === Token.comma) {
      comma = scanner.getTokenOffset();
      rest = end;
      sameLine = true;
    } else if (kind === Token.lineBreak) sameLine = false;
    else if (sameLine && (kind === Token.lineComment || kind === Token.blockComment)) rest = end;
  }
  return { comma, rest };
}

/** Takes one member or element, and one comma, out of a container; a line that this leaves blank goes too. */
function cut(text: string, container: Node, span: Span): string {
  const end = span.offset + span.length;
  const close = container.offset + container.length - 1;
  const next = commaIn(text, end, close);
  const first = (container.children ?? []).every((one) => one.offset >= span.offset);
  const before = first ? undefined : commaIn(text, lastEnd(container, span.offset), span.offset);
  const comma = next ?? before;
  const removed: Span[] = [span, ...(comma === undefined ? [] : [{ offset: comma, length: 1 }])];
  let result = text;
  for (const one of removed.sort((a, b) => b.offset - a.offset))
    result = result.slice(0, one.offset) + result.slice(one.offset + one.length);
  const at = span.offset - (comma !== undefined && comma < span.offset ? 1 : 0);
  return tidy(result, at);
}

function lastEnd(container: Node, offset: number): number {
  const previous = (container.children ?? []).filter((one) => one.offset + one.length <= offset).at(-1)!;
  return previous.offset + previous.length;
}

function commaIn(text: string, from: number, to: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(from);
  const kind = scanner.scan();
  return kind === Token.comma && scanner.getTokenOffset() < to ? scanner.getTokenOffset() : undefined;
}

/** Takes away the white space that stood around what was cut out at `at`. */
function tidy(text: string, at: number): string {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  const newline = text.indexOf("\n", at);
  const stop = newline === -1 ? text.length : newline;
  const blankBefore = text.slice(start, at).trim() === "" && start > 0;
  if (blankBefore && text.slice(at, stop).trim() === "" && newline !== -1) return text.slice(0, start) + text.slice(newline + 1);
  if (blankBefore) return text.slice(0, at) + text.slice(at).replace(/^[ \t]+/, "");
  const left = text.slice(0, at).replace(/[ \t]+$/, "");
  // `{ "a": 1 }` keeps the one space in front of its closing brace
  return /^[ \t]*[}\]]/.test(text.slice(at)) ? left + text.slice(at) : text.slice(0, at) + text.slice(at).replace(/^[ \t]+/, "");
}

function splice(text: string, node: Span, replacement: string): string {
  return text.slice(0, node.offset) + replacement + text.slice(node.offset + node.length);
}

function nest(path: readonly string[], value: unknown): unknown {
  return path.reduceRight((inner, name) => ({ [name]: inner }), value);
}
