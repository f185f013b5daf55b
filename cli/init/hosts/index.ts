import { existsSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "../../errors.ts";
import { isInstalled } from "../launch.ts";
import { claude } from "./claude.ts";
import { codex } from "./codex.ts";
import { copilot } from "./copilot.ts";
import { cursor } from "./cursor.ts";
import { gemini } from "./gemini.ts";
import type { Host } from "./host.ts";
import { opencode } from "./opencode.ts";
import { vscode } from "./vscode.ts";
import { windsurf } from "./windsurf.ts";
import { zed } from "./zed.ts";

/** Every host that init knows, in the order in which they are told. */
export const HOSTS: readonly Host[] = [claude, codex, gemini, cursor, vscode, opencode, zed, windsurf, copilot];

/** Why a host was chosen. */
export interface Chosen {
  readonly host: Host;
  readonly because: "asked for" | "in the project" | "installed" | "prepared before";
}

/** The hosts of `--for`: names with commas between them, or all. Refuses a name that is none. */
export function hostsNamed(list: string): Host[] {
  const names = list.split(",").map((name) => name.trim().toLowerCase());
  if (names.includes("all")) return [...HOSTS];
  const asked = [...new Set(names.filter((name) => name !== ""))];
  const next = `choose from: coord init --for ${HOSTS.map((one) => one.name).join(",")}   (or: all)`;
  if (asked.length === 0) throw new CliError("--for names no host", { next });
  return asked.map((name) => {
    const host = HOSTS.find((one) => one.name === name || one.title.toLowerCase() === name);
    if (host) return host;
    throw new CliError(`no host is called ${JSON.stringify(name)}`, { next });
  });
}

/** The hosts that are used in the project or installed for the user. */
export function detectHosts(around: { folder: string; home: string | undefined; path: string | undefined }): Chosen[] {
  return HOSTS.flatMap((host): Chosen[] => {
    if (host.inProject.some((name) => existsSync(join(around.folder, name)))) return [{ host, because: "in the project" }];
    const home = around.home;
    const there = home !== undefined && host.inHome.some((name) => existsSync(join(home, name)));
    return there || isInstalled(around.path, host.commands) ? [{ host, because: "installed" }] : [];
  });
}
