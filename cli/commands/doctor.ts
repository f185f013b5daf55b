import type { Command } from "commander";
import type { DoctorFlags } from "../server/doctor.ts";

export function register(program: Command): void {
  program
    .command("doctor")
    .description("check the server and its data, and that every agent's host here can start coord; say what to do about what is wrong")
    .option("--addr <host:port>", "where the server listens or would listen (default: COORD_ADDR or 127.0.0.1:7777)")
    .option("--db <folder>", "the data folder (default: COORD_DB or the per-user data folder)")
    .option("--no-data", "do not verify the workspaces' data, which takes a while where they are large")
    .option("--json", "print one JSON value")
    .action(async (_flags: DoctorFlags, command: Command) => {
      const { doctor } = await import("../server/doctor.ts");
      process.exitCode = await doctor(command.optsWithGlobals<DoctorFlags>(), async () => {
        const [{ examineHosts }, { homeFolder }, { dataDir }] = await Promise.all([
          import("../init/doctor.ts"),
          import("../init/run.ts"),
          import("../config.ts"),
        ]);
        const { folder, workspace, checks } = await examineHosts({
          from: process.cwd(),
          home: homeFolder(),
          env: process.env,
          program: process.argv[1] ?? "",
          node: process.execPath,
          dataFolder: dataDir(undefined),
        });
        return { title: folder === undefined ? "Agents' hosts" : `Agents' hosts in ${folder}, workspace ${workspace}`, checks };
      });
    });
}
