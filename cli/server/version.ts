import { CliError } from "../errors.ts";
import { VERSION } from "../version.ts";
import { findWorkerd } from "./installation.ts";

/** `coord version`: prints the versions of the program, workerd (null when it is not installed) and Node, and the platform. */
export function printVersion(json: boolean): void {
  let workerd: string | null = null;
  try {
    workerd = findWorkerd().version;
  } catch (error) {
    // Told as null; `coord doctor` says what to do about it.
    if (!(error instanceof CliError)) throw error;
  }
  const versions = { coord: VERSION, workerd, node: process.versions.node, platform: `${process.platform}-${process.arch}` };
  if (json) process.stdout.write(`${JSON.stringify(versions)}\n`);
  else
    process.stdout.write(
      `coord ${versions.coord}\nworkerd ${versions.workerd ?? "not installed"}\nnode ${versions.node}, ${versions.platform}\n`,
    );
}
