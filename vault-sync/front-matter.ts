import { Document, isScalar, Scalar, visit } from "yaml";

/** A moment as Obsidian's date and time property has it: no zone (it is UTC), no fraction. */
export class Moment {
  readonly text: string;
  /** @param at RFC 3339, UTC. */
  constructor(at: string) {
    this.text = at.slice(0, 19);
  }
}

/** A day as Obsidian's date property has it. */
export class Day extends Moment {}

export type Property = string | number | boolean | Moment | readonly string[];

/** What YAML 1.1 or a strict parser of 1.2 does not take unescaped, though JSON does. All of it stands within double quotes here. */
const UNPRINTABLE = /[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]/gu;

/**
 * A note's front matter. Every text is written in double quotes, so that no parser of any YAML version takes `no`, `1e3` or `12:30`
 * for something else. Properties that are undefined and lists that are empty are left out.
 */
export function frontMatter(properties: Readonly<Record<string, Property | undefined>>): string {
  const kept = Object.entries(properties).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0));
  const document = new Document(Object.fromEntries(kept.map(([key, value]) => [key, value instanceof Moment ? plain(value.text) : value])));
  visit(document, {
    Scalar(key, node) {
      if (key !== "key" && isScalar(node) && typeof node.value === "string" && node.type !== "PLAIN") node.type = "QUOTE_DOUBLE";
    },
  });
  const yaml = document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER });
  const escaped = yaml.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `---\n${escaped}---\n`;
}

function plain(text: string): Scalar<string> {
  const scalar = new Scalar(text);
  scalar.type = "PLAIN";
  return scalar;
}
