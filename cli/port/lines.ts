import type { Readable } from "node:stream";
import { linesOf } from "../backup/lines.ts";
import { isDeeper, type Reading } from "./draft.ts";

/** A line that is longer is no record of anything; in characters. */
const LONGEST_LINE = 64 * 1024 * 1024;

/** Levels of a record: what of it goes into a payload has to fit below the server's limit. */
const DEEPEST = 90;

export type Fields = Readonly<Record<string, unknown>>;

/** The objects in lines of JSON, with their lines' numbers from 1. Blank lines are passed over; any other line that is no object is a mistake. */
export async function* objectsOf(stream: Readable, reading: Reading): AsyncGenerator<{ line: number; fields: Fields }> {
  let line = 0;
  try {
    for await (const text of linesOf(stream, LONGEST_LINE)) {
      line += 1;
      if (text.trim() === "") continue;
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch (error) {
        reading.wrong(line, `not JSON: ${(error as Error).message.slice(0, 120)}`);
        continue;
      }
      if (typeof value !== "object" || value === null || Array.isArray(value)) reading.wrong(line, "not an object");
      else if (isDeeper(value, DEEPEST)) reading.wrong(line, `nests deeper than ${DEEPEST} levels`);
      else yield { line, fields: value as Fields };
    }
  } catch (error) {
    reading.wrong(line + 1, `cannot be read further: ${(error as Error).message}`);
  }
}

/** A field that is a text; undefined where it is missing or empty. */
export function textIn(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function listIn(fields: Fields, name: string): unknown[] {
  const value = fields[name];
  return Array.isArray(value) ? value : [];
}

export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
