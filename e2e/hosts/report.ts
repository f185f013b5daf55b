import type { Host } from "./hosts/host.ts";
import type { Result, Results } from "./results.ts";
import type { Scenario } from "./scenarios/scenario.ts";

/** `docs/hosts.md`: written by the run that it is about, so that nothing in it is from memory. */
export function page(results: Results, scenarios: readonly Pick<Scenario, "name" | "title">[], hosts: readonly Host[]): string {
  const { date, coord, node, system, processors, load, command, versions, race, refusedHosts, wholeMs } = results;
  const head = `# coord in the real programs

Written by \`${command}\` on ${date}: coord ${coord}, Node ${node}, ${system}, ${seconds(wholeMs)} in all,
on ${processors} processors with a load of ${load.toFixed(1)}. Each program is the one that npm installs. It runs with a clean home and nothing but
loopback, its model replaced by a script on this machine that speaks the wire it expects; coord's server, \`coord init\` and \`coord mcp\`
are the built ones. So this shows what the programs do with coord, not what a model would decide.

| program | package | state | what its user allows |
| --- | --- | --- | --- |
${versions.map((row) => `| ${row.title} | \`${row.package}\` ${row.version} | ${row.state} | ${row.allowed} |`).join("\n")}
`;
  const summary = `## In short

| | ${hosts.map(({ title }) => title).join(" | ")} |
| --- | ${hosts.map(() => "---").join(" | ")} |
${scenarios.map(({ name, title }) => `| ${title} | ${hosts.map(({ id }) => cell(find(results, id, name))).join(" | ")} |`).join("\n")}
`;
  const details = scenarios
    .map(
      ({ name, title }) =>
        `### ${title[0]?.toUpperCase()}${title.slice(1)}\n\n${hosts.map((host) => line(host, find(results, host.id, name))).join("\n")}\n`,
    )
    .join("\n");
  const raced =
    "verdict" in race
      ? `${race.verdict}: ${race.said}`
      : `${race.agents} agents (${hosts.map(({ id, title }) => `${race.agents / Object.keys(race.byHost).length} of ${title}${id in race.byHost ? "" : ", not installed"}`).join(", ")}) over ${race.jobs} jobs
in one project, all from one starting shot; half of them take the next job, half claim the first they see in the list.

- Every job was claimed once and completed once, by its holder, by the event log; each completion was answered to exactly one model.
- By program: ${hosts.map(({ id, title }) => `${title} ${race.byHost[id] ?? 0}`).join(", ")}.
- ${race.refused} claims were refused because another agent had the job.
- ${seconds(race.raceMs)} from the starting shot to the last completion, ${seconds(race.wholeMs)} from the first start to the last end.`;
  const titleOf = (name: string): string => hosts.find(({ id }) => id === name)?.title ?? name;
  const beyond =
    refusedHosts.length === 0
      ? "None of them asked for anything beyond loopback."
      : `Beyond loopback they asked, and were refused: ${refusedHosts.map(({ name, targets }) => `${titleOf(name)} for ${targets.map((target) => `\`${target}\``).join(", ")}`).join("; ")}.`;
  return [head, summary, "## What was seen\n", details, `## The race\n\n${raced}\n`, `${beyond}\n`].join("\n");
}

/** One line a result, for the terminal. */
export function terminalLine(host: Host, { scenario, verdict, ms, said }: Result): string {
  return `${verdict.padEnd(8)} ${host.title.padEnd(12)} ${scenario.padEnd(10)} ${ms === undefined ? "" : `${seconds(ms)}  `}${said}`;
}

export function seconds(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

function find({ results }: Results, host: Host["id"], scenario: string): Result | undefined {
  return results.find((result) => result.host === host && result.scenario === scenario);
}

function cell(result: Result | undefined): string {
  if (!result) return "not asked for";
  return result.verdict === "passed" && result.ms !== undefined ? `${seconds(result.ms)}` : result.verdict;
}

function line(host: Host, result: Result | undefined): string {
  if (!result) return `- **${host.title}**: not asked for.`;
  const said = result.said.replaceAll(/\s+/g, " ");
  return `- **${host.title}**: ${result.verdict}${result.ms === undefined ? "" : `, ${seconds(result.ms)}`}. ${said[0]?.toUpperCase()}${said.slice(1)}.`;
}
