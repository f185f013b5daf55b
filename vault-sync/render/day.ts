import { Day, frontMatter } from "../front-matter.ts";
import { link, section, sections } from "../markdown.ts";
import { DAY_PART_LINES, type DayState, type Line, type Model } from "../model.ts";
import { phrase } from "./phrases.ts";
import { count, timeOf } from "./show.ts";

const MOST_DONE = 100;

const COUNTED = [
  ["task.created", "posted"],
  ["task.claimed", "claimed"],
  ["task.completed", "completed"],
  ["task.submitted", "handed in"],
  ["task.failed", "failed"],
  ["task.lapsed", "lapsed"],
  ["task.cancelled", "cancelled"],
] as const;

/** The path of a daily note's part, without `.md`: the first is the day itself. */
export function dayPath(date: string, part: number): string {
  return part === 0 ? `log/${date}` : `log/${date} part ${part + 1}`;
}

/** One part of a daily note, up to the marker. The first has the day's summary; each has up to `DAY_PART_LINES` lines of the log. */
export function dayNote(model: Model, day: DayState, part: number): string {
  const lines = day.lines.slice(part * DAY_PART_LINES, (part + 1) * DAY_PART_LINES);
  const more = day.lines.length > (part + 1) * DAY_PART_LINES;
  const text = [
    ...lines.map((line) => `- ${timeOf(line.entry.at)} ${phrase(line, model)}`),
    ...(more ? ["", `It goes on in ${link(dayPath(day.date, part + 1), `part ${part + 2}`)}.`] : []),
  ];
  if (part > 0) {
    const properties = frontMatter({ coord: "day", part: part + 1, date: new Day(day.date), tags: ["coord/day"] });
    return (
      properties +
      sections([`# ${day.date}, part ${part + 1}`], [`It begins in ${link(dayPath(day.date, 0), day.date)}.`], section("Log", text))
    );
  }
  const properties = frontMatter({
    coord: "day",
    part: 1,
    date: new Day(day.date),
    tags: ["coord/day"],
    events: day.lines.length,
    posted: day.counts.get("task.created") ?? 0,
    completed: day.counts.get("task.completed") ?? 0,
    failed: day.counts.get("task.failed") ?? 0,
  });
  const { before, after } = model.daysBeside(day.date);
  const beside = [before ? `← [[${dayPath(before, 0)}|${before}]]` : "", after ? `[[${dayPath(after, 0)}|${after}]] →` : ""].filter(
    (part) => part !== "",
  );
  const counts = COUNTED.filter(([type]) => day.counts.get(type)).map(([type, words]) => `${words} ${day.counts.get(type)}`);
  return (
    properties +
    sections(
      [`# ${day.date}`],
      beside.length === 0 ? [] : [beside.join(" · ")],
      [`${count(day.lines.length, "event")}${counts.length > 0 ? `: ${counts.join(" · ")}` : ""}. Times are UTC.`],
      section(
        "Done",
        latest(
          day.lines.filter(({ entry }) => entry.type === "task.completed"),
          model,
        ),
      ),
      section(
        "Decided",
        latest(
          day.lines.filter(({ entry, kind }) => entry.type === "task.created" && kind === "decision"),
          model,
        ),
      ),
      section("Log", text),
    )
  );
}

function latest(lines: readonly Line[], model: Model): string[] {
  const shown = lines.slice(-MOST_DONE).map((line) => `- ${phrase(line, model)}`);
  return lines.length > MOST_DONE ? [`- … ${lines.length - MOST_DONE} earlier`, ...shown] : shown;
}
