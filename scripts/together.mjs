// A splitting build puts into one chunk what the same entry points need. Dozens of dynamic imports that each need a little of what every
// command needs make dozens of chunks of it, and each file that is opened costs a quarter of a millisecond. With this, each dynamic import
// needs all of it, as the program has loaded it all by then anyway, and it becomes one chunk.
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/**
 * An esbuild plugin.
 * @param umbrella path of a module that imports what belongs together.
 * @param folders where dynamic imports are looked for.
 */
export function together(umbrella, folders) {
  const split = new Set(folders.flatMap(dynamicImports));
  // were a part of it to import the whole, modules would run before those that they extend
  for (const path of closure(umbrella)) split.delete(path);
  return {
    name: "together",
    setup(build) {
      build.onLoad({ filter: /\.tsx?$/ }, async ({ path }) => {
        if (!split.has(path)) return undefined;
        const contents = `import ${JSON.stringify(umbrella)}; ${await readFile(path, "utf8")}`;
        return { contents, loader: path.endsWith("x") ? "tsx" : "ts" };
      });
    },
  };
}

/** The paths of what the folder's sources import dynamically by a relative path. */
function dynamicImports(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /(?<!\.test)\.tsx?$/.test(name));
  return files.flatMap((name) => targets(join(folder, name), /\bimport\("(\.[^"]+)"\)/g));
}

/** The paths of a module and of all that it imports statically. */
function closure(path, seen = new Set()) {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const target of targets(path, /^(?:import|export)\b(?! type)[^;]*?"(\.[^"]+)";/gm)) closure(target, seen);
  return seen;
}

function targets(path, pattern) {
  return Array.from(readFileSync(path, "utf8").matchAll(pattern), ([, target]) => resolve(dirname(path), target));
}
