import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dataDir } from "./config.ts";
import { CliError } from "./errors.ts";

/** The word that means whoever sits at this machine, wherever a handle is asked for. */
export const ME = "me";

type Env = Record<string, string | undefined>;

function memory(env: Env): string {
  return join(dataDir(undefined, env), "person.json");
}

/**
 * The handle of the person at this machine, as `coord heartbeat --remember` keeps it; undefined where nobody was remembered.
 * @throws CliError where the file is there and says nothing that can be read.
 */
export function rememberedPerson(env: Env = process.env): string | undefined {
  const path = memory(env);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return undefined; // nobody has been remembered, or not for this user
  }
  try {
    const { handle } = JSON.parse(text) as { handle?: unknown };
    if (typeof handle === "string" && handle !== "" && handle !== ME) return handle;
  } catch {
    // told below: a file that is no JSON is as useless as one without a handle
  }
  throw new CliError(`${path} does not say who you are`, { next: "write it anew: coord heartbeat --as NAME --remember" });
}

/** Keeps the handle for `--as me`. Replaced in one step: a crash leaves the old one or the new one. Answers where it is kept. */
export async function rememberPerson(handle: string, env: Env = process.env): Promise<string> {
  const path = memory(env);
  const [{ mkdirSync }, { replaceFile }] = await Promise.all([import("node:fs"), import("./server/folder.ts")]);
  try {
    mkdirSync(dataDir(undefined, env), { recursive: true, mode: 0o700 });
    replaceFile(path, `${JSON.stringify({ handle })}\n`);
  } catch (cause) {
    throw new CliError(`cannot remember you in ${path}: ${(cause as Error).message}`, {
      next: `name yourself each time, or: export COORD_AS=${/^[\w.-]+$/.test(handle) ? handle : "NAME"}`,
      cause,
    });
  }
  return path;
}

/**
 * Who `me` is: COORD_AS, where the environment says it, else the person that was remembered.
 * `isPerson` tells the second, who is made known to a board as one of type `user`.
 * @throws CliError where nothing says who that is.
 */
export function whoIsMe(env: Env = process.env): { handle: string; isPerson: boolean } {
  if (env.COORD_AS && env.COORD_AS !== ME) return { handle: env.COORD_AS, isPerson: false };
  const handle = rememberedPerson(env);
  if (handle !== undefined) return { handle, isPerson: true };
  throw new CliError("nothing says who you are, and `me` stands for that", {
    next: "say it once: coord heartbeat --as NAME --remember   (or: export COORD_AS=NAME)",
  });
}
