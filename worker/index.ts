import { app } from "./http/app.ts";

/** The worker: HTTP in front, one Durable Object per workspace behind. The same bundle runs under `coord serve` and in the cloud. */
export default {
  fetch: app.fetch,
  /** The method CONNECT: nobody is connected through here. Without this handler the runtime answers 500. */
  connect: (socket: Pick<Socket, "close">): Promise<void> => socket.close(),
};
export { Workspace } from "./workspace.ts";
