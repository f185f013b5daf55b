import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { rememberedPerson, rememberPerson, whoIsMe } from "./person.ts";

let folder: string;
let env: Record<string, string | undefined>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "coord-person-"));
  env = { COORD_DB: folder };
});
afterEach(() => rmSync(folder, { recursive: true }));

test("who is remembered is me, and a person", async () => {
  expect(rememberedPerson(env)).toBeUndefined();
  expect(() => whoIsMe(env)).toThrow(/who you are/);
  await rememberPerson("anna", env);
  expect(whoIsMe(env)).toEqual({ handle: "anna", isPerson: true });
  await rememberPerson("Béla B.", env);
  expect(rememberedPerson(env)).toBe("Béla B.");
});

test("COORD_AS goes before, and may itself say me", async () => {
  await rememberPerson("anna", env);
  expect(whoIsMe({ ...env, COORD_AS: "harbor-lynx" })).toEqual({ handle: "harbor-lynx", isPerson: false });
  expect(whoIsMe({ ...env, COORD_AS: "me" })).toEqual({ handle: "anna", isPerson: true });
  expect(whoIsMe({ ...env, COORD_AS: "" })).toEqual({ handle: "anna", isPerson: true });
});

test.each(["", "{", "[]", '"anna"', "null", '{"handle":1}', '{"handle":"me"}'])(
  "a file that holds %j is refused with the way to mend it",
  (text) => {
    writeFileSync(join(folder, "person.json"), text);
    expect(() => rememberedPerson(env)).toThrow(/does not say who you are/);
  },
);

test("a folder that cannot be written is refused", async () => {
  writeFileSync(join(folder, "file"), "");
  await expect(rememberPerson("anna", { COORD_DB: join(folder, "file") })).rejects.toThrow(/cannot remember you/);
});
