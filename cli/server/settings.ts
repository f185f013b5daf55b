import { DEFAULT_LEASE_SECONDS, LIMITS } from "../../protocol/limits.ts";
import { dataDir, serverAddr } from "../config.ts";
import { CliError } from "../errors.ts";
import { type Address, parseAddress } from "./address.ts";
import type { Bindings } from "./worker-config.ts";

/** What the server's log can be asked for, the most talkative first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

type Env = Record<string, string | undefined>;

/** Everything `coord serve` is told by flags and environment, checked. */
export interface ServerSettings {
  readonly folder: string;
  readonly address: Address;
  readonly token: string | undefined;
  readonly passed: Omit<Bindings, "COORD_CONTROL" | "COORD_TOKEN" | "COORD_LOCAL">;
}

/**
 * Reads flags, then environment, then defaults. Throws `CliError` for an address that is none, for one that others can
 * reach without a token that keeps them out, and for a default lease out of range.
 */
export function serverSettings(flags: { addr?: string; db?: string }, env: Env = process.env): ServerSettings {
  const addr = serverAddr(flags.addr, env);
  const address = parseAddress(addr);
  const token = env.COORD_TOKEN?.trim() || undefined;
  if (!address.loopback && token === undefined) {
    throw new CliError(`${addr} is open to other machines, and no COORD_TOKEN keeps strangers out`, {
      next: `COORD_TOKEN=$(openssl rand -hex 24) coord serve --addr ${addr}`,
    });
  }
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new CliError("COORD_TOKEN holds characters that a header cannot carry", {
      next: "use printable ASCII without spaces, such as: openssl rand -hex 24",
    });
  }
  const lease = env.COORD_DEFAULT_LEASE?.trim();
  const { lease_min_seconds: least, lease_max_seconds: most } = LIMITS;
  if (lease && !(/^\d+$/.test(lease) && Number(lease) >= least.value && Number(lease) <= most.value)) {
    throw new CliError(`COORD_DEFAULT_LEASE is not a number of seconds from ${least.value} to ${most.value}: ${lease}`, {
      next: `set it within that range, or unset it for ${DEFAULT_LEASE_SECONDS}`,
    });
  }
  const log = env.COORD_LOG?.trim();
  if (log && !(LOG_LEVELS as readonly string[]).includes(log)) {
    throw new CliError(`COORD_LOG is not a level: ${log}`, { next: `set it to ${LOG_LEVELS.join(", ")}, or unset it for info` });
  }
  const slow = env.COORD_SLOW_MS?.trim();
  if (slow && !/^[1-9]\d*$/.test(slow)) {
    throw new CliError(`COORD_SLOW_MS is not a number of milliseconds: ${slow}`, { next: "set it to 1 or more, or unset it for 100" });
  }
  const extension = env.COORD_A2A_EXTENSION?.trim();
  if (extension && extension !== "required") {
    throw new CliError(`COORD_A2A_EXTENSION is "required" or unset, not ${JSON.stringify(extension)}`, {
      next: "unset COORD_A2A_EXTENSION",
    });
  }
  return {
    folder: dataDir(flags.db, env),
    address,
    token,
    passed: {
      ...(env.COORD_HOSTS ? { COORD_HOSTS: env.COORD_HOSTS } : {}),
      ...(env.COORD_ORIGINS ? { COORD_ORIGINS: env.COORD_ORIGINS } : {}),
      ...(lease ? { COORD_DEFAULT_LEASE: lease } : {}),
      ...(extension ? { COORD_A2A_EXTENSION: extension } : {}),
      ...(log ? { COORD_LOG: log } : {}),
      ...(slow ? { COORD_SLOW_MS: slow } : {}),
    },
  };
}

/** ` --db '<folder>'` where a command has to name the folder to mean it, nothing where it is the default one. */
export function dbFlag(folder: string, env: Env = process.env): string {
  return folder === dataDir(undefined, env) ? "" : ` --db '${folder}'`;
}
