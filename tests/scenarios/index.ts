import { claims } from "./claims.ts";
import type { Connect } from "./client.ts";
import { dependencies } from "./dependencies.ts";
import { endings } from "./endings.ts";
import { filters } from "./filters.ts";
import { leases } from "./leases.ts";
import { matching } from "./matching.ts";
import { notes } from "./notes.ts";
import { people } from "./people.ts";
import { queue } from "./queue.ts";
import { retries } from "./retries.ts";
import { reviews } from "./reviews.ts";
import { waits } from "./waits.ts";
import { wire } from "./wire.ts";

/** Every scenario, for whatever runs coord: `connect` gives each test a workspace of its own. */
export const SCENARIOS: readonly ((connect: Connect) => void)[] = [
  wire,
  claims,
  leases,
  endings,
  filters,
  matching,
  waits,
  queue,
  retries,
  dependencies,
  reviews,
  notes,
  people,
];
