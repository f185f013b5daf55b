import { stringify } from "yaml";

const COLUMNS = ["file.name", "name", "state", "kind", "priority", "holder", "created_by", "attempt", "depends_on", "created", "changed"];
const NEWEST_FIRST = [{ property: "changed", direction: "DESC" }];

function table(name: string, extra: object): object {
  return { type: "table", name, ...extra, order: COLUMNS, sort: NEWEST_FIRST };
}

/** `Board.base`: an Obsidian Bases file with tables of the tasks. It finds them by their properties, wherever the vault lies. */
export function boardBase(): string {
  return stringify(
    {
      filters: { or: ['coord == "task"', 'coord == "decision"'] },
      properties: {
        "note.name": { displayName: "Name" },
        "note.state": { displayName: "State" },
        "note.kind": { displayName: "Kind" },
        "note.priority": { displayName: "Priority" },
        "note.holder": { displayName: "Holder" },
        "note.created_by": { displayName: "Posted by" },
        "note.attempt": { displayName: "Attempt" },
        "note.depends_on": { displayName: "Depends on" },
        "note.created": { displayName: "Posted (UTC)" },
        "note.changed": { displayName: "Changed (UTC)" },
        "file.name": { displayName: "Note" },
      },
      views: [
        table("By state", { groupBy: { property: "note.state", direction: "ASC" } }),
        table("By holder", { groupBy: { property: "note.holder", direction: "ASC" } }),
        table("By kind", { groupBy: { property: "note.kind", direction: "ASC" } }),
        table("Open", { filters: { and: ['state != "completed"', 'state != "cancelled"'] } }),
        table("Needs attention", { filters: { or: ['state == "failed"', 'state == "review"', "held == true"] } }),
        table("Decisions", { filters: { and: ['coord == "decision"'] } }),
      ],
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}
