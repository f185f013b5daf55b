import { LIMITS } from "../../protocol/limits.ts";
import type { Result } from "../../protocol/methods.ts";
import type { TableSpace } from "./table.ts";
import { STATE_STYLES, stateLabel } from "./tasks.ts";
import { paint } from "./terminal.ts";
import { clean, fit, width } from "./text.ts";

export type Graph = Result<"tasks/graph">;
type Job = Graph["tasks"][number];

/** Room for a job's own words beside its branches; a job that stands deeper begins a tree of its own further down. */
const LEAST_COLUMNS = 44;
const STEP = 3;
const MOST_BLOCKERS = 4;

/**
 * The graph as trees: each job above those that it waits for, the ones that nothing waits for outermost. Every job is told once; where
 * it is met again, it says so. Every line is as wide as the space at most.
 */
export function graphLines({ tasks, edges }: Graph, space: TableSpace): string[] {
  if (tasks.length === 0) return ["nothing that is not finished waits for anything; --all shows what is finished, too"];
  const jobs = new Map(tasks.map((job) => [job.id, job]));
  const below = new Map<string, Job[]>();
  for (const { task_id, depends_on } of edges) {
    const on = jobs.get(depends_on);
    if (on) below.set(task_id, [...(below.get(task_id) ?? []), on]);
  }
  const waitedFor = new Set(edges.map(({ depends_on }) => depends_on));
  const deepest = Math.max(1, Math.floor((space.columns - LEAST_COLUMNS) / STEP));
  const lines: string[] = [];
  const told = new Set<string>();
  const roots = tasks.filter(({ id }) => !waitedFor.has(id));
  const tell = (job: Job, branch: string, stem: string, depth: number): void => {
    const on = below.get(job.id) ?? [];
    const again = told.has(job.id) && on.length > 0;
    const later = !again && on.length > 0 && depth >= deepest;
    lines.push(jobLine(job, jobs, branch, again ? "above" : later ? "below" : "", space));
    if (again) return;
    if (later) {
      if (!roots.includes(job)) roots.push(job);
      return;
    }
    told.add(job.id);
    for (const [index, one] of on.entries()) {
      const last = index === on.length - 1;
      tell(one, `${stem}${last ? "└─ " : "├─ "}`, `${stem}${last ? "   " : "│  "}`, depth + 1);
    }
  };
  // grows while it is walked: what stood too deep follows as a tree of its own
  for (const root of roots) if (!told.has(root.id)) tell(root, "", "", 0);
  const more = edges.length >= LIMITS.list_rows.value ? ["the newest part of it; name a job to see all around it: coord graph ID"] : [];
  return [...lines, "", "each job stands above what it waits for", ...more];
}

/** `├─ #12 Held  build the parser · harbor-lynx · waits for #3, #4`: the name gives way where there is no room. */
function jobLine(job: Job, jobs: ReadonlyMap<string, Job>, branch: string, where: string, space: TableSpace): string {
  const label = stateLabel(job);
  const head = `${branch}#${job.number} `;
  const notes = [
    job.state === "claimed" && job.claimed_by ? fit(clean(job.claimed_by), 20) : "",
    job.state === "pending" || job.state === "backlog" ? whyHeld(job, jobs) : "",
    where === "" ? "" : `(see ${where})`,
  ].filter((note) => note !== "");
  const room = space.columns - width(head) - width(label) - 2;
  const tail = fit(notes.map((note) => ` · ${note}`).join(""), Math.max(0, room - 8));
  const line = `  ${fit(clean(job.name), room - width(tail))}${tail}`;
  return head + paint(label, STATE_STYLES[job.state], space.colour) + line;
}

function whyHeld({ held }: Job, jobs: ReadonlyMap<string, Job>): string {
  if (!held) return "";
  const blockers = held.blockers ?? [];
  const known = blockers.flatMap((id) => jobs.get(id) ?? []);
  const shown = known.slice(0, MOST_BLOCKERS).map(({ number }) => `#${number}`);
  const more = blockers.length - shown.length;
  const others = more === 0 ? [] : [`${more} ${shown.length === 0 ? "not shown" : "more"}`];
  const all = [shown.join(", "), ...others].filter((part) => part !== "").join(" and ");
  if (held.reason === "dependency_failed") return `${all} failed`;
  return held.reason === "dependency_cancelled" ? `${all} cancelled` : `waits for ${all}`;
}
