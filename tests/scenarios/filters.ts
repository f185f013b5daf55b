import { describe, expect, it } from "vitest";
import type { ParamsIn, Task } from "../../protocol/index.ts";
import type { Board, Connect } from "./client.ts";

type Filter = NonNullable<ParamsIn<"tasks/next">["filter"]>;
const NEWER_ROWS = 500;

/** Ten tasks that differ in every field a filter knows; then many that are none of what is looked for. */
async function boardWithNeedles(board: Board): Promise<{ board: Board; ids: Record<string, string> }> {
  const ids: Record<string, string> = {};
  const send = async (name: string, params: Partial<ParamsIn<"tasks/send">> = {}) => {
    const task = await board.call("tasks/send", { kind: "bug", priority: "high", ...params, name });
    ids[name] = task.id;
    return task;
  };
  await board.call("agents/heartbeat", { id: "pat", name: "Pat", type: "user" });
  await send("open", { agent_id: "ada", labels: ["ui", "p1"], priority: "urgent" });
  await send("held", { depends_on: [ids.open!], labels: ["ui"] });
  await send("taken", { labels: ["net"] });
  await board.call("tasks/claim", { id: ids.taken!, agent_id: "bob" });
  await send("broken");
  await board.call("tasks/claim", { id: ids.broken!, agent_id: "cyd" });
  await board.call("tasks/fail", { id: ids.broken!, agent_id: "cyd", reason: "no" });
  await send("off");
  await board.call("tasks/cancel", { id: ids.off! });
  await send("later", { state: "backlog" });
  await send("dream", { state: "idea" });
  await send("hand", { performer: "user", assignee: "pat" });
  await send("checked", { kind: "feature", review: "required" });
  await board.call("tasks/claim", { id: ids.checked!, agent_id: "bob" });
  await board.call("tasks/complete", { id: ids.checked!, agent_id: "bob" });
  await send("Ünïcode ÉTÉ 日本語 v1.2 “x”", {
    kind: "ack",
    description: "Zebra crossing",
    payload: { note: 'quagga\'s "stripes" (NEAR)' },
  });
  await board.batch(
    "tasks/send",
    Array.from({ length: NEWER_ROWS }, (_, n) => ({
      name: `filler ${n}`,
      kind: "knowledge",
      priority: "low",
      labels: ["hay"],
      agent_id: "hay",
    })),
  );
  return { board, ids };
}

const UNICODE = "Ünïcode ÉTÉ 日本語 v1.2 “x”";

/** What each filter finds among the needles; the rest of the board never shows, and hides nothing. */
const CASES: readonly [string, Filter, readonly string[]][] = [
  ["state", { state: "claimed" }, ["taken"]],
  ["state, a list", { state: ["failed", "cancelled"] }, ["broken", "off"]],
  ["state by its aliases", { state: ["staged", "in_progress", "canceled", "awaiting_review"] }, ["taken", "off", "later", "checked"]],
  ["state ready, which is pending", { state: "ready" }, ["open", "held", "hand"]],
  ["state any with kind", { state: "any", kind: "bug" }, ["open", "held", "taken", "broken", "off", "later", "dream", "hand"]],
  ["state idea", { state: "idea" }, ["dream"]],
  ["kind", { kind: "feature" }, ["checked"]],
  ["kind, a list", { kind: ["feature", "ack", "nothing"] }, ["checked", UNICODE]],
  ["kind and state", { kind: ["bug", "ack"], state: ["completed", "failed"] }, ["broken", UNICODE]],
  ["priority", { priority: "urgent" }, ["open"]],
  ["priority, a list with state", { priority: ["urgent", "high"], state: "pending" }, ["open", "held", "hand"]],
  ["label", { label: "ui" }, ["open", "held"]],
  ["label, a list", { label: ["p1", "net"] }, ["open", "taken"]],
  ["performer", { performer: "user" }, ["hand"]],
  ["performer with kind", { performer: ["agent"], kind: "feature" }, ["checked"]],
  ["claimed_by, who holds or held last", { claimed_by: "bob" }, ["taken", "checked"]],
  ["claimed_by, a list", { claimed_by: ["cyd", "nobody"] }, ["broken"]],
  ["created_by", { created_by: "ada" }, ["open"]],
  ["created_by, a list with kind", { created_by: ["ada", "hay"], kind: "bug" }, ["open"]],
  ["assignee", { assignee: "pat" }, ["hand"]],
  ["assignee, a list", { assignee: ["x", "pat"] }, ["hand"]],
  ["ready true", { ready: true }, ["open", "hand"]],
  ["ready false with kind", { ready: false, kind: "bug" }, ["held", "taken", "broken", "off", "later", "dream"]],
  ["ready false with state pending", { ready: false, state: "pending" }, ["held"]],
  ["name_contains, other case", { name_contains: "OPE" }, ["open"]],
  ["name_contains, two letters", { name_contains: "eL", kind: "bug" }, ["held"]],
  ["name_contains, one letter with state", { name_contains: "R", state: "idea" }, ["dream"]],
  ["name_contains beyond ASCII", { name_contains: "üNÏcode été" }, [UNICODE]],
  ["name_contains without spaces between words", { name_contains: "日本語" }, [UNICODE]],
  ["name_contains with a quotation mark of its own", { name_contains: '“X"' }, []],
  ["name_contains with wildcards, which are none", { name_contains: "v1_2%" }, []],
  ["name_contains at the very end", { name_contains: "v1.2 “x”" }, [UNICODE]],
  ["q in the name", { q: "broken" }, ["broken"]],
  ["q in the description, any case", { q: "ZEBRA" }, [UNICODE]],
  ["q in the payload", { q: "stripes" }, [UNICODE]],
  ["q, all of its words, wherever each is", { q: "zebra  quagga été" }, [UNICODE]],
  ["q, one word of which is nowhere", { q: "zebra unicorn" }, []],
  ["q with the index's own syntax", { q: "zebra AND NOT (crossing" }, []],
  ["q with quotes around a word", { q: '"zebra"' }, [UNICODE]],
  ["q with operators as characters", { q: "quagga* ^zebra" }, [UNICODE]],
  ["q of a column's name", { q: "description:zebra" }, []],
  ["q without a word", { q: '"* -' }, []],
  [
    "everything at once",
    { kind: "bug", state: "pending", label: "ui", priority: "urgent", ready: true, created_by: "ada", name_contains: "op" },
    ["open"],
  ],
];

/** Every field is applied on the server, so nothing is missed behind newer rows and nobody filters again (domain §5). */
export function filters(connect: Connect): void {
  describe(`filters behind ${NEWER_ROWS} newer rows`, () => {
    let made: ReturnType<typeof boardWithNeedles> | undefined;
    // one board for all, which these tests only read
    const needles = () => {
      made ??= boardWithNeedles(connect());
      return made;
    };
    const named = (ids: Record<string, string>, names: readonly string[]) => names.map((name) => ids[name]!).reverse();

    it.each(CASES)("list and wait agree on %s", async (_what, filter, names) => {
      const { board, ids } = await needles();
      const wanted = named(ids, names);
      const found = (await board.call("tasks/list", { ...filter, limit: 20 })) as Task[];
      expect(found.map((task) => task.name)).toEqual([...names].reverse());
      expect(found.map((task) => task.id)).toEqual(wanted);
      const waited = await board.call("tasks/wait", { filter: { state: "any", ...filter }, timeout_ms: 0 });
      expect([waited.task?.id, waited.timed_out]).toEqual([wanted[0], wanted.length === 0]);
    });

    it("ids: those, newest first, however many rows came later", async () => {
      const { board, ids } = await needles();
      const wanted = named(ids, ["open", "dream", "checked"]);
      const all = [...wanted, "00000000-0000-4000-8000-000000000000"];
      expect(((await board.call("tasks/list", { ids: all })) as Task[]).map((task) => task.id)).toEqual(wanted);
      expect(((await board.call("tasks/list", { ids: ids.off! })) as Task[]).map((task) => task.id)).toEqual([ids.off]);
      expect(((await board.call("tasks/list", { ids: ids.off!.toUpperCase() })) as Task[]).map((task) => task.id)).toEqual([ids.off]);
    });

    it("ignore_ids: all but those", async () => {
      const { board, ids } = await needles();
      const kept = named(ids, ["held", "hand"]);
      expect(
        ((await board.call("tasks/list", { state: "pending", ignoreIds: [ids.open!] } as never)) as Task[]).map((task) => task.id),
      ).toEqual(kept);
      const waited = await board.call("tasks/wait", { filter: { state: "pending", ignore_ids: [ids.hand!, ids.held!] }, timeout_ms: 0 });
      expect(waited.task?.id).toBe(ids.open);
    });

    it("pages through everything once, 500 at most in one answer", async () => {
      const { board, ids } = await needles();
      expect(await board.call("tasks/list", { state: "any", limit: 100_000 })).toHaveLength(500);
      expect(await board.call("tasks/list", {})).toHaveLength(50);
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page: { tasks: Task[]; next: string | null } = (await board.call("tasks/list", { limit: 170, page: true, cursor })) as never;
        seen.push(...page.tasks.map((task) => task.id));
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      expect(seen).toHaveLength(NEWER_ROWS + Object.keys(ids).length);
      expect(new Set(seen).size).toBe(seen.length);
    });

    it("refuses a field or a state that there is not, and an empty list, rather than finding everything", async () => {
      const { board } = await needles();
      for (const filter of [
        { state: "nope" },
        { kind: [] },
        { ids: "open" },
        { q: "  " },
        { name_contains: "" },
        { ready: "yes" },
        { kind: 3 },
      ]) {
        expect((await board.refusal("tasks/list", filter)).code, JSON.stringify(filter)).toBe(-32602);
      }
      const refused = await board.refusal("tasks/wait", { filter: { knd: "ack" }, timeout_ms: 0 });
      expect([refused.code, JSON.stringify(refused.data)]).toEqual([-32602, expect.stringContaining("knd")]);
    });
  });
}
