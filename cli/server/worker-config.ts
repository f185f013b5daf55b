import { copyFileSync } from "node:fs";
import { layout, replaceFile, UNIQUE_KEY } from "./folder.ts";

/** Chosen once with the worker's code: it decides which behaviour of the runtime the worker sees, here as in the cloud. */
export const COMPATIBILITY_DATE = "2026-04-21";

/** Text bindings of the worker, by name. Their values reach workerd by its environment only: never a file, never a command line. */
export interface Bindings {
  /** Bearer token that every caller must show. */
  readonly COORD_TOKEN?: string;
  /** Secret of this run, for `POST /_control/…`. */
  readonly COORD_CONTROL: string;
  /** Further allowed Host values, separated by commas. */
  readonly COORD_HOSTS?: string;
  /** Further allowed origins, separated by commas. */
  readonly COORD_ORIGINS?: string;
  /** Lease in seconds where the caller names none. */
  readonly COORD_DEFAULT_LEASE?: string;
  /** "required": A2A requests must activate coord's extension. */
  readonly COORD_A2A_EXTENSION?: string;
  /** The least level of the log, and from how many milliseconds on a command is slow. */
  readonly COORD_LOG?: string;
  readonly COORD_SLOW_MS?: string;
  /** "1": nothing happens by itself; see `privateRuntime`. */
  readonly COORD_STILL?: string;
  /** "1" when only this machine can reach the server. */
  readonly COORD_LOCAL?: string;
}

/**
 * Whom the worker may call: A2A webhooks, and nobody else. On a server that only this machine reaches, this machine; on one that others
 * reach, public addresses (names are looked up first and judged by what they lead to, so none leads inside).
 */
function outbound(local: boolean): string {
  return local ? 'network = (allow = ["127.0.0.0/8", "::1/128"])' : 'network = (allow = ["public"], tlsOptions = (trustBrowserCas = true))';
}

/** workerd's configuration as Cap'n Proto text. Only names of bindings go in; one without a value is left out, hence undefined in the worker. */
export function configText(bindingNames: readonly string[]): string {
  const bindings = [
    '(name = "WORKSPACE", durableObjectNamespace = "Workspace")',
    ...bindingNames.map((name) => `(name = "${name}", fromEnvironment = "${name}")`),
  ];
  return `# Written by coord serve at every start; changes made here are lost.
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "coord", worker = .coord),
    (name = "do-data", disk = (writable = true)),
    (name = "webhooks", ${outbound(bindingNames.includes("COORD_LOCAL"))}),
  ],
  sockets = [(name = "http", http = (), service = "coord")],
  logging = (structuredLogging = true),
);
const coord :Workerd.Worker = (
  compatibilityDate = "${COMPATIBILITY_DATE}",
  compatibilityFlags = ["nodejs_compat", "enable_request_signal"],
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  bindings = [
    ${bindings.join(",\n    ")}
  ],
  durableObjectNamespaces = [(className = "Workspace", uniqueKey = "${UNIQUE_KEY}", enableSql = true)],
  durableObjectStorage = (localDisk = "do-data"),
  globalOutbound = "webhooks",
);
`;
}

/**
 * Puts configuration and worker into the data folder. The worker is copied because a running server must be able to
 * restart workerd with the code it began with, whatever an update did to the package meanwhile.
 */
export function writeConfig(folder: string, workerModule: string, bindings: Bindings): void {
  const { config, worker } = layout(folder);
  copyFileSync(workerModule, worker);
  const present = Object.entries(bindings).filter(([, value]) => value !== undefined);
  replaceFile(config, configText(present.map(([name]) => name)));
}
