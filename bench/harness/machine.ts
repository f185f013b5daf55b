import { readFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { findWorkerd } from "../../cli/server/installation.ts";

/** Where and with what a run was made: as much as a stranger needs, and nothing that names the machine or its owner. */
export interface Circumstances {
  readonly processor: string;
  readonly cores: number;
  /** In GB. */
  readonly memory: number;
  readonly system: string;
  readonly coord: string;
  readonly workerd: string;
  readonly node: string;
  /** UTC, `2026-11-21`. */
  readonly date: string;
  readonly command: string;
  /** How long the run took, in seconds. */
  readonly took: number;
}

export function circumstances(command: string, took: number, now: Date): Circumstances {
  const all = cpus();
  return {
    processor: (all[0]?.model ?? "unknown").replace(/\s+/g, " ").trim(),
    cores: all.length,
    memory: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release().split("-")[0]}, ${process.arch}`,
    coord: (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string }).version,
    workerd: findWorkerd().version,
    node: process.versions.node,
    date: now.toISOString().slice(0, 10),
    command,
    took: Math.round(took),
  };
}
