import type { Command } from "commander";
import type { DoctorFlags } from "../server/doctor.ts";

export function register(program: Command): void {
  program
    .command("doctor")
    .description("check everything a server needs, and say what to do about what is wrong")
    .option("--addr <host:port>", "where the server listens or would listen (default: COORD_ADDR or 127.0.0.1:7777)")
    .option("--db <folder>", "the data folder (default: COORD_DB or the per-user data folder)")
    .option("--json", "print one JSON value")
    .action(async (_flags: DoctorFlags, command: Command) => {
      const { doctor } = await import("../server/doctor.ts");
      process.exitCode = await doctor(command.optsWithGlobals<DoctorFlags>());
    });
}
