import type { Peer } from "../harness/peer.ts";
import type { Finding } from "../harness/report.ts";
import type { BenchServer } from "../harness/server.ts";

/** What every case has to work with. Each uses workspaces of its own on the one coord server. */
export interface Setting {
  readonly coord: BenchServer;
  readonly baseline: BenchServer;
  /** The built worker, for the cases that need a server to themselves. */
  readonly worker: string;
  /** Another build's `dist/`, to be measured in turn with this one. */
  readonly before: string | undefined;
  /** coord, and the servers that it is measured against. */
  readonly peers: readonly Peer[];
  /** A small run: fewer rounds and a smaller board, for a look. */
  readonly quick: boolean;
  /** How long the memory is watched beyond the short run, in hours. */
  readonly hours: number;
  /** The built `coord` program, where there is one. */
  readonly program: string | undefined;
  /** Tells what is being measured now. */
  say(text: string): void;
}

export interface Case {
  readonly name: string;
  readonly about: string;
  run(setting: Setting): Promise<Finding[]>;
}
