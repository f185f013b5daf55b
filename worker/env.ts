import type { Workspace } from "./workspace.ts";

/** What the runtime binds. Text bindings that are not set are null or absent. */
export interface Env {
  readonly WORKSPACE: DurableObjectNamespace<Workspace>;
  /** The bearer token; without one only `COORD_LOCAL` lets anybody in. */
  readonly COORD_TOKEN?: string | null;
  /** "1" where `coord serve` listens on loopback: no token needed, and the Host header is held to an allow-list. */
  readonly COORD_LOCAL?: string | null;
  /** Secret of this run of `coord serve`, for `/_control`. */
  readonly COORD_CONTROL?: string | null;
  /** More values of Host to allow, with commas. */
  readonly COORD_HOSTS?: string | null;
  /** More values of Origin to allow, with commas. */
  readonly COORD_ORIGINS?: string | null;
  /** "required": A2A requests that do not activate coord's extension are refused. */
  readonly COORD_A2A_EXTENSION?: string | null;
  /** What is logged at least: `debug` (a line a command), `info` (default), `warn` or `error`. */
  readonly COORD_LOG?: string | null;
  /** A command that takes longer than this is logged as a warning; milliseconds, 100 by default. */
  readonly COORD_SLOW_MS?: string | null;
  /** "1" where coord itself reads, checks or fills a folder that nobody is served from: nothing happens by itself. */
  readonly COORD_STILL?: string | null;
  /** Lease given when the caller names none, in seconds. */
  readonly COORD_DEFAULT_LEASE?: string | null;
}

export type HonoEnv = { Bindings: Env; Variables: { principal: import("../protocol/index.ts").Principal } };
