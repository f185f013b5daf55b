import { Board } from "../tests/scenarios/client.ts";
import { SCENARIOS } from "../tests/scenarios/index.ts";
import { freshName, pool } from "./testing/pool.ts";

// the same scenarios run against a spawned `coord serve` in tests/scenarios/served.test.ts
for (const scenario of SCENARIOS) scenario(() => new Board(freshName(), pool));
