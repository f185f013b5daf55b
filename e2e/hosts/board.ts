import type { Event, MethodName, ParamsIn, Result } from "../../protocol/index.ts";
import type { TestServer } from "../../tests/harness/server.ts";

/** One workspace of the server, as somebody sees it who goes through no host. */
export class Board {
  readonly #url: string;

  constructor(server: Pick<TestServer, "url">, workspace: string) {
    this.#url = `${server.url}w/${workspace}/`;
  }

  async call<M extends MethodName>(method: M, params: ParamsIn<M>): Promise<Result<M>> {
    const response = await fetch(this.#url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    const { result, error } = (await response.json()) as { result: Result<M>; error?: { message: string } };
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  async post(name: string, more: Omit<ParamsIn<"tasks/send">, "name" | "agent_id"> = {}): Promise<string> {
    return (await this.call("tasks/send", { name, agent_id: "poster", ...more })).id;
  }

  /** The whole log. */
  async log(): Promise<Event[]> {
    const all: Event[] = [];
    for (;;) {
      const { events } = await this.call("events/list", { after: all.at(-1)?.seq ?? 0, limit: 500 });
      if (events.length === 0) return all;
      all.push(...events);
    }
  }
}

/** When the latest event of the log came, in milliseconds since the epoch. */
export async function latestAt(board: Board): Promise<number> {
  return Date.parse((await board.log()).at(-1)?.at ?? "");
}
