const LONGEST_ALIAS = 80;

/** One line: whatever breaks lines, hides or reverses text becomes a space. */
export function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]+/gu, " ")
    .replace(/ {2,}/g, " ")
    .trim();
}

/** Text that reads the same in Obsidian, on one line and as nothing but text: no emphasis, link, tag, comment or HTML comes of it. */
export function inline(text: string): string {
  return oneLine(text)
    .replace(/[\\`*[\]<|]/g, "\\$&")
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "\\_")
    .replace(/(^|\s)([#^])/g, "$1\\$2")
    .replace(/([%~=$])(?=\1)/g, "\\$1")
    .replace(/\$(?=\S)/g, (sign, at: number, all: string) => (all[at - 1] === "\\" ? sign : "\\$"))
    .replace(/&(?=#?\w+;)/g, "\\&");
}

/** A wikilink. Obsidian takes an alias as it stands, so what would end it or begin something else is replaced. */
export function link(path: string, alias: string): string {
  const line = oneLine(alias)
    .replace(/[[\]|`]/g, (character) => ({ "[": "(", "]": ")", "|": "¦", "`": "'" })[character] ?? "")
    .replace(/%(?=%)/g, "% ");
  const characters = Array.from(line);
  const shown = characters.length > LONGEST_ALIAS ? `${characters.slice(0, LONGEST_ALIAS - 1).join("")}…` : line;
  return shown === "" ? `[[${path}]]` : `[[${path}|${shown}]]`;
}

/** Languages that a code block of somebody else's text may name. Plugins run blocks by their language, so any other name is dropped. */
const LANGUAGES = new Set(
  "bash c cpp csharp css diff go graphql html http ini java javascript js json jsonc jsx kotlin lua makefile markdown md mermaid php python py ruby rb rust rs scala sh shell sql svelte swift text toml ts tsx typescript txt vue xml yaml yml zig".split(
    " ",
  ),
);

/**
 * Markdown that somebody else wrote, inside a callout: every line is part of it, so that no unclosed block, heading or comment of
 * theirs reaches what follows. Obsidian's comments are escaped outside code, where they would hide the rest of the note.
 */
export function callout(kind: string, title: string, markdown: string): string[] {
  let fence: string | undefined;
  const lines = markdown
    .replace(/[\r\n]+$/, "")
    .split(/\r\n|\n|\r/)
    .map((line) => {
      const opened = /^( {0,3})(`{3,}|~{3,})[ \t]*([^\s`]*)(.*)$/.exec(line);
      if (fence !== undefined) {
        if (opened?.[2]?.startsWith(fence) && !opened[3] && !opened[4]?.trim()) fence = undefined;
        return line;
      }
      if (opened) {
        fence = opened[2];
        const language = opened[3]?.toLowerCase() ?? "";
        return `${opened[1]}${fence}${LANGUAGES.has(language) ? language : ""}`;
      }
      return line.replace(/%(?=%)/g, "%\\").replace(/`(\s*)\$=/g, "`$1$ =");
    });
  return [`> [!${kind}] ${title}`, ...lines.map((line) => (line === "" ? ">" : `> ${line}`))];
}

/** A JSON value as a code block. No line of indented JSON can end the block. */
export function jsonBlock(value: unknown): string[] {
  return ["```json", ...JSON.stringify(value, null, 2).split("\n"), "```"];
}

/** A list that is cut after so many items, and says so. */
export function capped(items: readonly string[], most: number): string[] {
  if (items.length <= most) return [...items];
  return [...items.slice(0, most), `- … and ${items.length - most} more`];
}

/** Sections one after the other, a blank line between; those without a body are left out. */
export function sections(...parts: readonly (readonly string[])[]): string {
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n")}\n\n`;
}

/** A heading and its lines, or nothing where there are none. */
export function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`## ${title}`, "", ...lines];
}
