/** `3 tasks, 1 note`: counts by the name of what is counted, those of nothing left out. */
export function summary(counts: Readonly<Record<string, number>>): string {
  const words = Object.entries(counts).flatMap(([name, count]) => (count === 0 ? [] : [many(count, name)]));
  return words.length === 0 ? "nothing" : words.join(", ");
}

/** `1 task`, `2 tasks`, `2 dependencies`. */
export function many(count: number, name: string): string {
  if (count === 1) return `1 ${name}`;
  return `${count} ${name.endsWith("y") ? `${name.slice(0, -1)}ies` : `${name}s`}`;
}
