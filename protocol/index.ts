export * from "./events.ts";
export * from "./filter.ts";
export * from "./jsonrpc.ts";
export * from "./lifecycle.ts";
export * from "./limits.ts";
export * from "./methods.ts";
export * from "./records.ts";
export * from "./refusals.ts";
