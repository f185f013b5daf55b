import { clock } from "./clock.ts";
import { disk } from "./disk.ts";
import { evictions } from "./evictions.ts";
import { kills, stops } from "./kills.ts";
import type { Kind } from "./kind.ts";
import { sockets } from "./sockets.ts";
import { twins } from "./twins.ts";
import { upgrade } from "./upgrade.ts";

/** Every way in which a run lets things go wrong, by the name that `--only` takes. */
export const KINDS: Readonly<Record<string, Kind>> = { upgrade, twins, disk, sockets, evictions, clock, stops, kills };
