import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Event, Task } from "../../protocol/index.ts";

/** A data folder as a certain version of coord left it, and what that version said was in it. */
export interface Fixture {
  readonly schema: number;
  /** `runtime.json` of the folder. */
  readonly runtime: object;
  /** The default workspace's file, relative to the folder. */
  readonly path: string;
  readonly tasks: readonly Task[];
  readonly log: readonly Event[];
}

export const FIXTURES = join(import.meta.dirname, "../../tests/faults/fixtures");

export function writeFixture(fixture: Fixture, database: Buffer): void {
  const base = join(FIXTURES, `schema-${fixture.schema}`);
  mkdirSync(FIXTURES, { recursive: true });
  writeFileSync(`${base}.sqlite.gz`, gzipSync(database, { level: 9 }));
  writeFileSync(`${base}.json.gz`, gzipSync(JSON.stringify(fixture), { level: 9 }));
}

/** Lays a fixture out as the data folder that it was. */
export function layOut(name: string, folder: string): Fixture {
  const fixture = JSON.parse(gunzipSync(readFileSync(join(FIXTURES, `${name}.json.gz`))).toString()) as Fixture;
  const database = join(folder, fixture.path);
  mkdirSync(dirname(database), { recursive: true });
  writeFileSync(database, gunzipSync(readFileSync(join(FIXTURES, `${name}.sqlite.gz`))));
  writeFileSync(join(folder, "runtime.json"), JSON.stringify(fixture.runtime));
  return fixture;
}
