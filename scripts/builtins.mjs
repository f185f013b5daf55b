// Node's own modules, taken by `process.getBuiltinModule` instead of an `import` statement. An import of `node:http` builds a list of all
// that the module exports, and for that evaluates every getter on it: 24 ms with Node 24, which loads fetch and WebSocket on the way, and
// 2 to 4 ms each for `node:process`, `node:fs` and `node:util`. `coord claim` as a whole has about 50.
import { builtinModules } from "node:module";

/** The program's own sources and what it always loads. Libraries that only some commands load keep their imports. */
const IMPORTERS = /[\\/](?:cli|protocol|vault-sync)[\\/]|[\\/]node_modules[\\/]commander[\\/]/;

/** commander runs subcommands that are files of their own; this program has none, and need not load what starts processes. */
const LATE = { importer: /[\\/]node_modules[\\/]commander[\\/]/, path: "node:child_process" };

/** An esbuild plugin; the names that can be imported are those of the Node that builds, a missing one fails the build. */
export const builtins = {
  name: "builtins",
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path, importer, kind }) => {
      const isOurs = kind === "import-statement" && IMPORTERS.test(importer) && builtinModules.includes(path.slice("node:".length));
      if (!isOurs) return { path, external: true };
      const isLate = path === LATE.path && LATE.importer.test(importer);
      return { path, namespace: isLate ? "late-builtin" : "builtin", sideEffects: false };
    });
    build.onLoad({ filter: /^/, namespace: "builtin" }, ({ path }) => ({ contents: moduleText(path) }));
    build.onLoad({ filter: /^/, namespace: "late-builtin" }, ({ path }) => ({ contents: lateText(path) }));
  },
};

/** Every export that is no getter, each dropped where nobody imports it. */
function moduleText(path) {
  const fields = Object.entries(Object.getOwnPropertyDescriptors(process.getBuiltinModule(path)));
  const names = fields.filter(([name, { value }]) => value !== undefined && name !== "default" && /^[A-Za-z_$][\w$]*$/.test(name));
  return [
    `const own = /* @__PURE__ */ process.getBuiltinModule(${JSON.stringify(path)});`,
    "export default own;",
    ...names.map(([name]) => `const own_${name} = /* @__PURE__ */ (() => own.${name})();\nexport { own_${name} as ${name} };`),
  ].join("\n");
}

/** The default export alone, its functions looked up when they are called. */
function lateText(path) {
  return `export default { spawn: (...given) => process.getBuiltinModule(${JSON.stringify(path)}).spawn(...given) };`;
}
