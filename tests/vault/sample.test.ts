import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { sampleBoard } from "../../vault-sync/testing/sample-board.ts";
import { catchUp, temporaryVault, texts } from "../../vault-sync/testing/vault.ts";

const SAMPLE = join(import.meta.dirname, "golden/three-days");

// After a wanted change of the notes: COORD_SAMPLE=write npx vitest run tests/vault/sample.test.ts
if (process.env.COORD_SAMPLE === "write") {
  rmSync(SAMPLE, { recursive: true, force: true });
  await catchUp(sampleBoard(), SAMPLE);
  rmSync(join(SAMPLE, ".coord"), { recursive: true });
}

it("golden/three-days is what this program makes of the sample's board", async () => {
  using vault = temporaryVault();
  await catchUp(sampleBoard(), vault.root);
  expect(texts(vault.root)).toEqual(texts(SAMPLE));
});
