import { batches } from "./batches.ts";
import { checkin } from "./checkin.ts";
import { claims } from "./claims.ts";
import type { Connect } from "./client.ts";
import { dependencies } from "./dependencies.ts";
import { endings } from "./endings.ts";
import { filters } from "./filters.ts";
import { frames } from "./frames.ts";
import { inbox } from "./inbox.ts";
import { large } from "./large.ts";
import { leases } from "./leases.ts";
import { lifecycle } from "./lifecycle.ts";
import { limits } from "./limits.ts";
import { matching } from "./matching.ts";
import { methods } from "./methods.ts";
import { notes } from "./notes.ts";
import { people } from "./people.ts";
import { plans } from "./plans.ts";
import { queue } from "./queue.ts";
import { retries } from "./retries.ts";
import { reviews } from "./reviews.ts";
import { subscriptions } from "./subscriptions.ts";
import { waits } from "./waits.ts";
import { walk } from "./walk.ts";
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
  frames,
  batches,
  limits,
  lifecycle,
  dependencies,
  methods,
  walk,
  subscriptions,
  plans,
  reviews,
  notes,
  checkin,
  people,
  inbox,
  large,
];
