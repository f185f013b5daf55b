import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { freePort, rpc } from "../harness/http.ts";
import { runCoord, temporaryFolder, until } from "../harness/server.ts";

let folder: string;
let env: Record<string, string>;
beforeEach(async () => {
  folder = temporaryFolder();
  env = { HOME: folder, COORD_DB: join(folder, "db"), COORD_ADDR: `127.0.0.1:${await freePort()}`, COORD_AUTOSTART: "0" };
});
afterEach(async () => {
  await runCoord(["stop"], { env });
  rmSync(folder, { recursive: true, force: true });
});

it("coord serve --detach --vault keeps the vault beside the server, and its end does not outlive it", async () => {
  const vault = join(folder, "vault");
  const { code, stdout } = await runCoord(["serve", "--detach", "--json", "--vault", vault], { env });
  expect(code).toBe(0);
  const { url } = JSON.parse(stdout) as { url: string };
  await rpc(url, "tasks/send", { name: "seen in the vault" });
  await until(
    "the note is there",
    () => existsSync(join(vault, "tasks")) && readdirSync(join(vault, "tasks")).some((name) => name.includes("seen-in-the-vault")),
  );
  expect((await runCoord(["stop"], { env })).code).toBe(0);
  // the vault's lock is free again: another writer is let in, though no server is there to read from
  const again = await runCoord(["vault", vault, "--once", "--url", url], { env });
  expect(again.stderr).not.toContain("lock");
  expect(again.code).toBe(7);
});
