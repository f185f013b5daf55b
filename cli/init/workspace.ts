import { relative } from "node:path";
import { projectConfig } from "../config.ts";
import { CliError } from "../errors.ts";
import { defaultWorkspace, repository } from "./workspace-name.ts";

/** `--workspace`, else what `.coord.json` here or above within the repository says, else the repository's own name. */
export function chooseWorkspace(folder: string, asked: string | undefined): { name: string; asked: boolean } {
  if (asked !== undefined) {
    if (!/^[a-z0-9_-]{1,64}$/.test(asked))
      throw new CliError(`not a workspace name: ${asked}`, { next: "use 1 to 64 of a-z 0-9 - _: coord init --workspace NAME" });
    return { name: asked, asked: true };
  }
  return { name: workspaceOf(folder), asked: false };
}

/** The board of the agents in a folder. */
export function workspaceOf(folder: string): string {
  return inheritedWorkspace(folder) ?? defaultWorkspace(folder);
}

function inheritedWorkspace(folder: string): string | undefined {
  let found: ReturnType<typeof projectConfig>;
  try {
    found = projectConfig(folder);
  } catch {
    // A .coord.json that cannot be read: if it is this folder's own, its part says so; one above does not bind this folder.
    return undefined;
  }
  const root = repository(folder)?.root ?? folder;
  const within = found.path !== undefined && !relative(root, found.path).startsWith("..");
  return within && found.workspace && /^[a-z0-9_-]{1,64}$/.test(found.workspace) ? found.workspace : undefined;
}
