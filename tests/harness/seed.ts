import fc from "fast-check";

/**
 * Property tests draw the same examples in every run, so that a red one is about the change at hand. `COORD_SEED=random` explores; a
 * number repeats what such a run printed.
 */
const given = globalThis.process?.env?.COORD_SEED;
if (given !== "random") fc.configureGlobal({ seed: given === undefined ? 20_261_121 : Number(given) });
