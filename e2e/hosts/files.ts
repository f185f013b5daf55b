import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export function writeText(folder: string, name: string, text: string): void {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

export function writeJson(folder: string, name: string, value: unknown): void {
  writeText(folder, name, `${JSON.stringify(value, null, 2)}\n`);
}
