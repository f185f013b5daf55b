export function snakeName(name: string): string {
  return /[A-Z]/.test(name) ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : name;
}

/** camelCase → snake_case for a call's own parameters and its filter's; what lies deeper (payload, result) is the caller's. */
export function snakeParams(params: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => {
      const snake = snakeName(name);
      const isFilter = snake === "filter" && typeof value === "object" && value !== null && !Array.isArray(value);
      return [snake, isFilter ? snakeParams(value as Record<string, unknown>) : value];
    }),
  );
}
