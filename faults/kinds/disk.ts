import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Task } from "../../protocol/index.ts";
import { runCoord, temporaryFolder } from "../../tests/harness/server.ts";
import { Random } from "../random.ts";
import { Served } from "../workload/served.ts";
import { Findings, type Kind } from "./kind.ts";

function mount(...args: string[]): boolean {
  return spawnSync("mount", args, { stdio: "ignore" }).status === 0;
}

/** A small disk of its own; `undefined` where this machine does not let us have one. */
function smallDisk(): { folder: string; grow(): void; remove(): void } | undefined {
  const folder = temporaryFolder();
  if (process.platform !== "linux" || process.getuid?.() !== 0 || !mount("-t", "tmpfs", "-o", "size=3m", "tmpfs", folder)) return undefined;
  return {
    folder,
    grow: () => void execFileSync("mount", ["-o", "remount,size=24m", folder]),
    remove: () => void execFileSync("umount", ["-l", folder]),
  };
}

export const disk: Kind = {
  promise:
    "on a full disk writes are refused and nothing answered is lost, reads go on, and with room again so does everything; a folder that is read-only is refused with a remedy",
  share: 0,
  impossible() {
    const disk = smallDisk();
    disk?.remove();
    return disk ? undefined : "needs root on Linux, to mount a small file system";
  },
  async run({ seed, say }) {
    const random = new Random(seed);
    const findings = new Findings();
    const small = smallDisk()!;
    const counts = { acknowledged: 0, refused: 0, "acknowledged afterwards": 0 };
    try {
      const server = await Served.start(join(small.folder, "db"));
      const sent: string[] = [];
      const said = new Set<string>();
      const send = async (): Promise<boolean> => {
        try {
          sent.push((await server.call<Task>("tasks/send", { name: "filler", payload: "x".repeat(random.between(1, 40_000)) })).id);
          return true;
        } catch (error) {
          said.add(String(error));
          return false;
        }
      };
      for (let refused = 0; refused < 40; ) if (!(await send())) refused += 1;
      counts.acknowledged = sent.length;
      counts.refused = 40;
      for (const text of said)
        findings.expect(/full|no room|space/i.test(text) && !/bug in coord/.test(text), `a full disk is told as: ${text}`);
      findings.expect((await missing(server, sent)) === 0, "what was answered on a full disk is not there while it is full");
      small.grow();
      for (let n = 0; n < 10; n += 1) if (await send()) counts["acknowledged afterwards"] += 1;
      findings.expect(
        counts["acknowledged afterwards"] === 10,
        `with room again, ${counts["acknowledged afterwards"]} of 10 writes are taken`,
      );
      findings.expect((await missing(server, sent)) === 0, "what was answered is not there after the disk was full");
      const logged = await server.stop();
      findings.expect(!/"message":"bug"|message: 'bug'/.test(logged), "a full disk is logged as a bug in coord");
      execFileSync("mount", ["-o", "remount,ro", small.folder]);
      const refused = await runCoord(["serve", "--addr", "127.0.0.1:0", "--db", join(small.folder, "db")], { limit_ms: 10_000 });
      findings.expect(
        refused.code === 1 && /cannot be written/.test(refused.stderr) && /--db|COORD_DB/.test(refused.stderr),
        `on a read-only folder coord serve ended with ${refused.code}: ${refused.stderr}`,
      );
      say(`full: ${[...said].join(" | ")}; read-only: ${refused.stderr.trim()}`);
    } finally {
      small.remove();
    }
    return { counts, findings: findings.all };
  },
};

async function missing(server: Served, sent: readonly string[]): Promise<number> {
  const there = new Set((await server.tasks()).map((task) => task.id));
  return sent.filter((id) => !there.has(id)).length;
}
