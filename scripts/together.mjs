// A splitting build puts into one chunk what the same entry points need. Dozens of dynamic imports that each need a little of what every
// command needs make dozens of chunks of it, and each file that is opened costs a quarter of a millisecond. With this, each dynamic import
// needs all of it, as the program has loaded it all by then anyway, and it becomes one chunk.
import { dirname } from "node:path";

/** An esbuild plugin. `umbrella` is the path of a module that imports what belongs together. */
export function together(umbrella) {
  return {
    name: "together",
    setup(build) {
      build.onResolve({ filter: /^\.{1,2}\// }, async ({ path, kind, importer, resolveDir }) => {
        if (kind !== "dynamic-import") return undefined;
        const found = await build.resolve(path, { kind: "import-statement", importer, resolveDir });
        return found.errors.length > 0 || !/\.tsx?$/.test(found.path) ? found : { path: found.path, namespace: "together" };
      });
      build.onLoad({ filter: /^/, namespace: "together" }, ({ path }) => ({
        contents: `import ${JSON.stringify(umbrella)};\nexport * from ${JSON.stringify(path)};`,
        resolveDir: dirname(path),
      }));
    },
  };
}
