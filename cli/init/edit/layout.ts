/** How a JSON text is laid out, and values written the same way. */
export interface Layout {
  /** One level of indentation; empty where the text is written on one line. */
  readonly unit: string;
  readonly newline: string;
  /** On one line: whether a space stands behind colons and commas. */
  readonly spaced: boolean;
}

export function layoutOf(text: string): Layout {
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const indented = /[{[][ \t]*(?:\/\/[^\r\n]*|\/\*[^\r\n]*\*\/[ \t]*)?\r?\n([ \t]+)\S/.exec(text);
  const spaced = /"[ \t]*:[ \t]/.test(text);
  if (indented) return { unit: unitOf(indented[1]!, text, indented.index), newline, spaced };
  // `{}` and `{"a":1}` stand on one line; an empty one, or one of comments only, says nothing about its owner's habits.
  return { unit: /^[^"]*\{[^"]*\}[^"]*$/.test(text) ? "  " : "", newline, spaced };
}

/** One level: what the first member is indented by beyond the line that opened its object. */
function unitOf(indent: string, text: string, opened: number): string {
  const outer = lineIndent(text, opened);
  return indent.startsWith(outer) && indent.length > outer.length ? indent.slice(outer.length) : indent;
}

/** A value as JSON text with lists of plain values on one line, as people write them. */
export function renderJson(value: unknown): string {
  return `${render(value, { unit: "  ", newline: "\n", spaced: true }, "")}\n`;
}

export function key(name: string, layout: Layout): string {
  return `${JSON.stringify(name)}${layout.unit === "" && !layout.spaced ? ":" : ": "}`;
}

export function render(value: unknown, layout: Layout, indent: string): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const oneLine = layout.unit === "";
  if (oneLine && !layout.spaced) return JSON.stringify(value);
  const inner = indent + layout.unit;
  const wrap = (open: string, close: string, items: string[]): string =>
    oneLine
      ? `${open}${items.join(", ")}${close}`
      : `${open}${layout.newline}${inner}${items.join(`,${layout.newline}${inner}`)}${layout.newline}${indent}${close}`;
  if (Array.isArray(value)) {
    const items = value.map((one) => render(one, layout, inner));
    return value.every((one) => typeof one !== "object" || one === null) ? `[${items.join(", ")}]` : wrap("[", "]", items);
  }
  const members = Object.entries(value).map(([name, one]) => `${key(name, layout)}${render(one, layout, inner)}`);
  return members.length === 0 ? "{}" : wrap("{", "}", members);
}

/** The white space that the line of this offset starts with. */
export function lineIndent(text: string, offset: number): string {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset))![0];
}

/** Whether only white space stands before this offset on its line, and it is not the first line. */
export function ownLine(text: string, offset: number): boolean {
  const newline = text.lastIndexOf("\n", offset - 1);
  return newline !== -1 && text.slice(newline + 1, offset).trim() === "";
}
