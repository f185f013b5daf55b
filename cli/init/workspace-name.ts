import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/**
 * The name that keeps this project's board apart from every other project's on the machine: the git repository's folder name.
 * All work trees of a repository, and its subfolders, get the same one, because agents in them work on the same thing.
 * Outside a repository it is the folder's own name. Two repositories of one name share a board unless one is given another.
 */
export function defaultWorkspace(folder: string): string {
  return slug(basename(repository(folder)?.home ?? resolve(folder)));
}

/** Lower case, with what a workspace's name cannot have turned into dashes; a digest stands in for a name of which nothing is left. */
export function slug(name: string): string {
  const plain = name
    .replace(/\.git$/, "")
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/-{2,}/g, "-")
    .slice(0, 64)
    .replace(/^-+|-+$/g, "");
  return plain || `project-${createHash("sha256").update(name).digest("hex").slice(0, 8)}`;
}

/**
 * The repository that a folder lies in. `root` is the work tree's top folder; `home` is what the repository is called after:
 * the same, or for a linked work tree the folder of the main one.
 */
export function repository(folder: string): { root: string; home: string } | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const dotGit = join(at, ".git");
    if (existsSync(dotGit)) return { root: at, home: homeOf(at, dotGit) };
    if (dirname(at) === at) return undefined;
  }
}

function homeOf(root: string, dotGit: string): string {
  try {
    if (statSync(dotGit).isDirectory()) return root;
    const pointer = /^gitdir: (.+?)\s*$/m.exec(readFileSync(dotGit, "utf8"))?.[1];
    if (!pointer) return root;
    const gitDir = resolve(root, pointer);
    // Only a linked work tree has `commondir`; a submodule's folder is a repository of its own.
    const common = resolve(gitDir, readFileSync(join(gitDir, "commondir"), "utf8").trim());
    return basename(common) === ".git" ? dirname(common) : common;
  } catch {
    // No `commondir`, or a work tree whose repository is gone: it goes by its own name.
    return root;
  }
}
