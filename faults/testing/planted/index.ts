import type { Planted } from "./planting.ts";
import { TABLES } from "./tables.ts";
import { WAITS } from "./waits.ts";
import { WRITES } from "./writes.ts";

/** Every fault that the checker is known to find. */
export const PLANTED: readonly Planted[] = [...WRITES, ...WAITS, ...TABLES];
