import type { Context } from "hono";
import type { HonoEnv } from "../env.ts";

/** What a route is given. */
export type C = Context<HonoEnv>;
