import { ResourceNotFoundError, type Server } from "@modelcontextprotocol/server";
import type { Board } from "../board.ts";
import { served } from "../serving.ts";
import { FIXED_RESOURCES, listResources, readResource, TEMPLATES } from "./index.ts";
import { MARKDOWN } from "./text.ts";

/** Who hears of changes in the older era, where a client subscribes to each resource by itself (MCP 2025-11-25, Resources, Subscriptions). */
export interface Subscriptions {
  /** Answers when nothing that changes from now on is missed. */
  add(uri: string): Promise<void>;
  remove(uri: string): void;
  /** The client has read the list: in the older era it hears of changes of it unasked. */
  listed(): void;
  /** The list; undefined where no server answers soon. Then the client hears that the list has changed when one has. */
  soon<T>(list: Promise<T>): Promise<T | undefined>;
}

/** Answers for the resources. */
export function serveResources(server: Server, board: Board, report: (bug: unknown) => void, subscriptions?: Subscriptions): void {
  server.setRequestHandler("resources/list", (_request, { mcpReq: { signal } }) =>
    served(report, async () => {
      subscriptions?.listed();
      const list = listResources(board, { signal });
      return { resources: subscriptions ? ((await subscriptions.soon(list)) ?? FIXED_RESOURCES) : await list };
    }),
  );
  server.setRequestHandler("resources/templates/list", () => ({ resourceTemplates: TEMPLATES }));
  server.setRequestHandler("resources/read", ({ params: { uri } }, { mcpReq: { signal } }) =>
    served(report, async () => {
      const text = await readResource(board, uri, { signal });
      if (text === undefined) throw new ResourceNotFoundError(uri, `coord has no resource ${uri}`);
      return { contents: [{ uri, mimeType: MARKDOWN, text }] };
    }),
  );
  if (!subscriptions) return;
  server.setRequestHandler("resources/subscribe", async ({ params }) => {
    await subscriptions.add(params.uri);
    return {};
  });
  server.setRequestHandler("resources/unsubscribe", ({ params }) => {
    subscriptions.remove(params.uri);
    return {};
  });
}
