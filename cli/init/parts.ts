import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { CliError } from "../errors.ts";
import { withBlock, withoutBlock } from "./agents-block.ts";
import { parseToml, removeTable, renderTable, setTable, type Table, tableAt, tableText, Unwieldy } from "./edit/toml.ts";

/** A file that coord has a part in. */
export interface Place {
  /** As people see it: relative to the project, or with `~/`. */
  readonly name: string;
  readonly path: string;
  readonly scope: "project" | "user";
}

/** What putting a part into a text comes to. `kept` has another's content where ours would be; only force replaces that. */
export interface Put {
  readonly action: "added" | "replaced" | "unchanged" | "kept";
  readonly text: string;
  readonly detail: string;
  /** The old text has something that is not coord's and not in the new one: a copy of it is put aside first. */
  readonly loses?: boolean;
}

/** What taking a part out of a text comes to. `kept` was edited since; only force takes that. */
export interface Taken {
  readonly action: "removed" | "absent" | "kept";
  readonly text: string;
  readonly detail: string;
}

/**
 * One thing of coord's in one file. `put` may be done any number of times; `take` undoes it where nothing is known about how the
 * file was before (`record.ts` restores it to the letter where that is known).
 */
export interface Part {
  /** Which part of the file, unique within it. */
  readonly id: string;
  put(text: string | undefined, file: Place, force: boolean): Put;
  take(text: string, file: Place, force: boolean): Taken;
}

export interface FilePart {
  readonly place: Place;
  readonly part: Part;
}

export function placeIn(folder: string, name: string): Place {
  return { name, path: join(folder, name), scope: "project" };
}

export function placeAtHome(home: string, name: string): Place {
  return { name: `~/${name}`, path: join(home, name), scope: "user" };
}

/** One table of a TOML file. */
export function tomlTable(options: {
  readonly id: string;
  readonly path: readonly string[];
  readonly value: Table;
  readonly label: string;
  readonly ours?: (there: unknown) => boolean;
}): Part {
  const { id, path, value, label, ours = () => false } = options;
  const readToml = (text: string, file: Place): Record<string, unknown> => {
    try {
      return parseToml(text);
    } catch (error) {
      throw new CliError(`${file.name} is not valid TOML, nothing was changed: ${firstLine(error)}`, { next: `mend ${file.path}` });
    }
  };
  const hand = (file: Place, error: unknown): CliError =>
    new CliError(`${file.name}: ${(error as Error).message}; nothing was changed`, {
      next: `edit ${file.path} by hand; coord's part is:\n${renderTable(path, value)}`,
    });
  /** As coord wrote it: no comment, no line of anybody else's in it. */
  const untouched = (text: string, there: unknown): boolean => {
    const lines = tableText(text, path);
    const plain = lines?.replaceAll("\r\n", "\n").trimEnd();
    return plain === undefined ? isDeepStrictEqual(there, value) : plain === renderTable(path, there as Table).trimEnd();
  };
  return {
    id,
    put(text, file, force) {
      if (text === undefined || text.trim() === "") return fresh(text, renderTable(path, value), label);
      const there = tableAt(readToml(text, file), path);
      if (isDeepStrictEqual(there, value)) return { action: "unchanged", text, detail: "" };
      const mine = there !== undefined && ours(there) && untouched(text, there);
      if (there !== undefined && !mine && !force)
        return { action: "kept", text, detail: `has another ${label.replace(/^server /, "entry ")}; --force replaces it` };
      try {
        const after = setTable(text, path, value);
        return there === undefined
          ? { action: "added", text: after, detail: `added the ${label}` }
          : { action: "replaced", text: after, detail: `replaced the ${label}`, loses: !mine };
      } catch (error) {
        if (error instanceof Unwieldy) throw hand(file, error);
        throw error;
      }
    },
    take(text, file, force) {
      const there = tableAt(readToml(text, file), path);
      if (there === undefined) return { action: "absent", text, detail: "" };
      const mine = (isDeepStrictEqual(there, value) || ours(there)) && untouched(text, there);
      if (!mine && !force) return { action: "kept", text, detail: `the ${label} is not as coord wrote it; --force takes it out` };
      try {
        return { action: "removed", text: removeTable(text, path), detail: `took the ${label} out` };
      } catch (error) {
        if (error instanceof Unwieldy) throw hand(file, error);
        throw error;
      }
    },
  };
}

/** A marked block in a Markdown file; the rest is its owner's. `head` is what a file made for the block starts with. */
export function block(options: { readonly id: string; readonly body: string; readonly label: string; readonly head?: string }): Part {
  const { id, body, label, head = "" } = options;
  return {
    id,
    put(text, file, force) {
      const change = withBlock(text, body, force);
      switch (change.action) {
        case "damaged":
          throw new CliError(`${file.name}: ${change.why}; nothing was changed`, {
            next: "mend the markers, or have the block written anew: coord init --force",
          });
        case "kept":
          return { action: "kept", text: change.text, detail: "the block was edited by hand; --force replaces it" };
        case "unchanged":
          return { action: "unchanged", text: change.text, detail: "" };
        case "created":
          return { action: "added", text: head + change.text, detail: label };
        case "updated": {
          const anew = change.replaced !== undefined;
          return {
            action: "replaced",
            text: change.text,
            loses: anew,
            detail: anew ? "wrote the block anew" : "wrote the block; the rest is as it was",
          };
        }
      }
    },
    take(text, file, force) {
      const change = withoutBlock(text, force);
      if (change.action === "damaged")
        throw new CliError(`${file.name}: its coord:begin and coord:end markers do not pair up; nothing was changed`, {
          next: `take the block out by hand: ${file.path}`,
        });
      if (change.action === "kept") return { action: "kept", text, detail: "the block was edited by hand; --force takes it out" };
      if (change.action === "absent") return { action: "absent", text, detail: "" };
      const rest = head !== "" && change.text.trim() === head.trim() ? "" : change.text;
      return { action: "removed", text: rest, detail: "took the block out" };
    },
  };
}

/** A file that is coord's alone. `ours` knows a former text of it. */
export function ownFile(options: {
  readonly id: string;
  readonly text: string;
  readonly label: string;
  readonly ours?: (text: string) => boolean;
}): Part {
  const { id, text: wanted, label, ours = () => false } = options;
  return {
    id,
    put(text, _file, force) {
      if (text === wanted) return { action: "unchanged", text, detail: "" };
      if (text === undefined || text.trim() === "") return fresh(text, wanted, label);
      if (!ours(text) && !force) return { action: "kept", text, detail: "is not as coord wrote it; --force replaces it" };
      return { action: "replaced", text: wanted, detail: label, loses: !ours(text) };
    },
    take(text, _file, force) {
      if (text === wanted || ours(text) || force) return { action: "removed", text: "", detail: "" };
      return { action: "kept", text, detail: "was edited; --force removes it" };
    },
  };
}

/** A file that is written as a whole. */
export function fresh(text: string | undefined, content: string, label: string): Put {
  const lost = text !== undefined && text.trim() !== "";
  return { action: "added", text: content, detail: lost ? `written anew, ${label}` : label, loses: lost };
}

function firstLine(error: unknown): string {
  return (error as Error).message.split("\n")[0]!;
}
