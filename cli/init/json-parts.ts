import { isDeepStrictEqual } from "node:util";
import { CliError } from "../errors.ts";
import { appendItem, NotAContainer, type Path, parseText, removeItem, removeMember, setItem, setMember } from "./edit/jsonc.ts";
import { renderJson } from "./edit/layout.ts";
import { fresh, type Part, type Place } from "./parts.ts";

interface JsonOptions {
  readonly id: string;
  readonly path: Path;
  readonly value: unknown;
  /** What it is called in the report, such as `server coord`. */
  readonly label: string;
  /** No comments, no trailing commas: a file that is read with JSON.parse. */
  readonly strict?: boolean;
}

/** One member of a JSON file. `ours` knows a former value of coord's, which may be replaced and taken without being asked. */
export function jsonMember(
  options: JsonOptions & {
    ours?: (there: unknown) => boolean;
    /** Why another's member stays. */
    because?: (there: unknown) => string;
    /** What a file made for the member starts with. */
    head?: Readonly<Record<string, unknown>>;
  },
): Part {
  const { id, path, value, label, strict = false, ours = () => false, because, head = {} } = options;
  return {
    id,
    put(text, file, force) {
      const read = readJson(text, file, strict, force);
      if (!read) return fresh(text, renderJson({ ...head, ...(nested(path, value) as object) }), label);
      const there = at(read, path);
      if (isDeepStrictEqual(there, value)) return { action: "unchanged", text: text!, detail: "" };
      const mine = there !== undefined && ours(there);
      if (there !== undefined && !mine && !force) {
        const what = because?.(there) ?? `has another ${label.replace(/^server /, "entry ")}`;
        return { action: "kept", text: text!, detail: `${what}; --force replaces it` };
      }
      const after = guarded(file, () => setMember(text!, path, value, force));
      const lost = (there !== undefined && !mine) || isBlocked(read, path);
      if (there === undefined) return { action: "added", text: after, detail: `added the ${label}`, loses: lost };
      return { action: "replaced", text: after, detail: `replaced the ${label}`, loses: lost };
    },
    take(text, file, force) {
      const read = readJson(text, file, strict, false);
      const there = read && at(read, path);
      if (there === undefined) return { action: "absent", text, detail: "" };
      if (!force && !isDeepStrictEqual(there, value) && !ours(there))
        return { action: "kept", text, detail: because?.(there) ?? `the ${label} is not as coord wrote it; --force takes it out` };
      const rest = removeMember(text, path, 0);
      const isHead = Object.keys(head).length > 0 && isDeepStrictEqual(readJson(rest, file, strict, false), head);
      return { action: "removed", text: isHead ? "" : rest, detail: `took the ${label} out` };
    },
  };
}

/** One element of a list in a JSON file; other elements stay, in their order. `ours` knows an element of coord's, this one's or a former one's. */
export function jsonItem(options: JsonOptions & { ours: (item: unknown) => boolean }): Part {
  const { id, path, value, label, strict = false, ours } = options;
  const isOurs = (item: unknown): boolean => isDeepStrictEqual(item, value) || ours(item);
  return {
    id,
    put(text, file, force) {
      const read = readJson(text, file, strict, force);
      if (!read) return fresh(text, renderJson(nested(path, [value])), label);
      const list = at(read, path);
      const items = Array.isArray(list) ? list : [];
      if (items.some((item) => isDeepStrictEqual(item, value))) return { action: "unchanged", text: text!, detail: "" };
      const index = items.findIndex(isOurs);
      if (index !== -1) return { action: "replaced", text: setItem(text!, path, index, value), detail: `replaced the ${label}` };
      const after = guarded(file, () => appendItem(text!, path, value, force));
      return {
        action: "added",
        text: after,
        detail: `added the ${label}`,
        loses: (list !== undefined && !Array.isArray(list)) || isBlocked(read, path),
      };
    },
    take(text, file) {
      let now = text;
      for (let removed = false; ; removed = true) {
        const read = readJson(now, file, strict, false);
        const list = read && at(read, path);
        const index = Array.isArray(list) ? list.findIndex(isOurs) : -1;
        if (index === -1)
          return removed ? { action: "removed", text: now, detail: `took the ${label} out` } : { action: "absent", text, detail: "" };
        now = removeItem(now, path, index, 0);
      }
    },
  };
}

/** The file's object, or undefined where a new file is to be written: none there, an empty one, or with force one that cannot be read. */
function readJson(text: string | undefined, file: Place, strict: boolean, force: boolean): Record<string, unknown> | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  let parsed: unknown;
  try {
    parsed = parseText(text, strict);
  } catch (error) {
    if (force) return undefined;
    throw new CliError(`${file.name} is not valid JSON, nothing was changed: ${(error as Error).message}`, {
      next: `mend ${file.path}, or have it written anew (a copy is kept): coord init --force`,
    });
  }
  if (isObject(parsed)) return parsed;
  if (force) return undefined;
  throw blocked(file, "the file is not a JSON object");
}

function guarded(file: Place, edit: () => string): string {
  try {
    return edit();
  } catch (error) {
    if (error instanceof NotAContainer) throw blocked(file, error.message);
    throw error;
  }
}

function blocked(file: Place, what: string): CliError {
  return new CliError(`${file.name}: ${what}; nothing was changed`, {
    next: `mend ${file.path}, or have that part written anew (a copy is kept): coord init --force`,
  });
}

/** Whether a value on the way to the path is no object, so that only force gets past it. */
function isBlocked(object: Record<string, unknown>, path: readonly string[]): boolean {
  return path.slice(0, -1).some((_name, index) => {
    const there = at(object, path.slice(0, index + 1));
    return there !== undefined && !isObject(there);
  });
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (isObject(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined), value);
}

function nested(path: readonly string[], value: unknown): unknown {
  return path.reduceRight((inner, name) => ({ [name]: inner }), value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
