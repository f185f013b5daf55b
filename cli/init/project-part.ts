import { CliError } from "../errors.ts";
import { isBare, parseText, removeMember, setMember } from "./edit/jsonc.ts";
import { jsonMember } from "./json-parts.ts";
import { type FilePart, placeIn } from "./parts.ts";

/**
 * `.coord.json`: the workspace's name. One that is there stays unless another was asked for by name, or is none.
 * The file is coord's own: what else is in it, such as a server's address, stays.
 */
export function projectPart(folder: string, name: string, asked: boolean): FilePart {
  const place = placeIn(folder, ".coord.json");
  const member = jsonMember({ id: "workspace", path: ["workspace"], value: name, label: `workspace ${name}`, strict: true });
  return {
    place,
    part: {
      id: "workspace",
      put(text, file, force) {
        const there = text === undefined ? undefined : workspaceIn(text);
        if (there === name || (typeof there === "string" && !asked)) return { action: "unchanged", text: text!, detail: "" };
        if (typeof there === "string") {
          return { action: "replaced", text: setMember(text!, ["workspace"], name), detail: `workspace ${there} is now ${name}` };
        }
        const put = member.put(text, file, force || there !== undefined);
        return put.action === "added" && put.detail.startsWith("added the ") ? { ...put, detail: `workspace ${name}` } : put;
      },
      take(text, file) {
        try {
          if (workspaceIn(text) === undefined) return { action: "absent", text, detail: "" };
          const rest = removeMember(text, ["workspace"], 0);
          if (isBare(rest)) return { action: "removed", text: rest, detail: "" };
          return { action: "kept", text, detail: "holds more than the workspace" };
        } catch (error) {
          throw new CliError(`${file.name} is not valid JSON: ${(error as Error).message}`, { next: `remove it: rm ${file.path}` });
        }
      },
    },
  };
}

function workspaceIn(text: string): unknown {
  if (text.trim() === "") return undefined;
  try {
    const value = parseText(text, true);
    return typeof value === "object" && value !== null && Object.hasOwn(value, "workspace")
      ? (value as { workspace: unknown }).workspace
      : undefined;
  } catch {
    // Not JSON: whoever puts or takes says so.
    return undefined;
  }
}
