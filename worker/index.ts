/** The worker: HTTP in front, one Durable Object per workspace behind. The same bundle runs under `coord serve` and in the cloud. */
export { app as default } from "./http/app.ts";
export { Workspace } from "./workspace.ts";
