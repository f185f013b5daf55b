import { isDeepStrictEqual } from "node:util";
import { parseText } from "../edit/jsonc.ts";
import { parseToml, type Table } from "../edit/toml.ts";
import { jsonMember } from "../json-parts.ts";
import { workspaceOf } from "../launch.ts";
import { type FilePart, type Place, placeAtHome, placeIn, tomlTable } from "../parts.ts";
import type { Around, Host, ServerFile, Start } from "./host.ts";

type Entry = Readonly<Record<string, unknown>>;

/** `command` and `args`, as most hosts have it. A host that does not start it in the project's folder is told the board's name. */
export function commandEntry(around: Around, named: boolean, words = around.words): { command: string; args: string[] } {
  const [command, ...args] = [...words, ...mcpWords(around, named)] as [string, ...string[]];
  return { command, args };
}

/** What follows the program's name. */
export function mcpWords(around: Around, named: boolean): string[] {
  return named ? ["mcp", "--workspace", around.workspace] : ["mcp"];
}

/** Reads `command`, `args`, `env` and whichever of these names the host has for an address. */
export function startOf(entry: Entry, names: { url?: readonly string[]; env?: string } = {}): Start {
  const { command, args } = entry;
  const url = (names.url ?? ["url"]).map((name) => entry[name]).find((one) => typeof one === "string");
  const words = Array.isArray(command)
    ? command
    : typeof command === "string"
      ? [command, ...(Array.isArray(args) ? args : [])]
      : undefined;
  return {
    ...(words ? { command: words.map(String) } : {}),
    ...(url ? { url } : {}),
    ...strings("env", entry[names.env ?? "env"]),
    ...strings("headers", entry.headers ?? entry.http_headers),
  };
}

function strings(name: "env" | "headers", value: unknown): Partial<Start> {
  if (typeof value !== "object" || value === null) return {};
  return { [name]: Object.fromEntries(Object.entries(value).map(([key, one]) => [key, String(one)])) };
}

/** What an entry says besides how coord is started. */
function besides({ command: _command, args: _args, ...more }: Entry): Entry {
  return more;
}

/** Whether coord wrote entries like this one before, and now writes others. */
export function isEarlier(there: Entry, host: Host, around: Around): boolean {
  const isOne = (host.earlier?.(around) ?? []).some((one) => isDeepStrictEqual(besides(there), besides(one)));
  return isOne && workspaceOf(host.start(there).command ?? []) !== undefined;
}

/** The part that puts coord's entry into a host's file. */
export function serverPart(host: Host, file: ServerFile, around: Around): FilePart {
  const entry = host.entry(around);
  const boardOf = (there: unknown): string | null | undefined => {
    if (typeof there !== "object" || there === null) return undefined;
    const isOurs = isDeepStrictEqual(besides(there as Entry), besides(entry)) || isEarlier(there as Entry, host, around);
    return isOurs ? workspaceOf(host.start(there as Entry).command ?? []) : undefined;
  };
  // One file for all of a user's projects: another project's entry there is not this one's to change.
  const ours = (there: unknown): boolean => {
    const board = boardOf(there);
    return file.place.scope === "user" ? board === around.workspace : board !== undefined;
  };
  const because = (there: unknown): string => {
    const board = boardOf(there);
    return board === undefined ? "has another entry coord" : `has coord for the board ${board ?? "default"}`;
  };
  const options = { id: "server", path: file.path, label: "server coord", ours };
  const part =
    file.format === "toml"
      ? tomlTable({ ...options, value: entry as Table })
      : jsonMember({
          ...options,
          value: entry,
          strict: file.format === "json",
          ...(file.head ? { head: file.head } : {}),
          ...(file.place.scope === "user" ? { because } : {}),
        });
  return { place: file.place, part };
}

/** coord's entry in a file's text, undefined where it has none. Throws where the text cannot be read. */
export function entryIn(text: string, file: ServerFile): Entry | undefined {
  if (text.trim() === "") return undefined;
  const values = file.format === "toml" ? parseToml(text) : parseText(text, file.format === "json");
  const there = file.path.reduce<unknown>(
    (at, name) => (typeof at === "object" && at !== null && Object.hasOwn(at, name) ? (at as Record<string, unknown>)[name] : undefined),
    values,
  );
  return typeof there === "object" && there !== null ? (there as Entry) : undefined;
}

export function inProject(around: Around, name: string): Place {
  return placeIn(around.folder, name);
}

/** A file below the user's home, or below the folder that a variable of the environment names instead of `usual`. */
export function ofUser(around: Around, usual: string, name: string, variable?: string): Place | undefined {
  const elsewhere = variable === undefined ? undefined : around.env[variable];
  if (elsewhere) {
    const folder = elsewhere + (usual.startsWith(".config/") ? usual.slice(".config".length) : "");
    return { ...placeIn(folder, name), name: `${folder}/${name}`, scope: "user" };
  }
  return around.home === undefined ? undefined : placeAtHome(around.home, usual === "" ? name : `${usual}/${name}`);
}

/** The values of a JSON file that is read for what the user agreed to; an empty object where it is not there or cannot be read. */
export function valuesOf(around: Around, place: Place | undefined): Record<string, unknown> {
  const text = place && around.read(place);
  if (!text) return {};
  try {
    const values = parseText(text, false);
    return typeof values === "object" && values !== null ? (values as Record<string, unknown>) : {};
  } catch {
    // Not coord's file to complain about: its host will.
    return {};
  }
}
