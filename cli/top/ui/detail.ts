import { STATES } from "../../../protocol/lifecycle.ts";
import type { BoardView } from "../model/board.ts";
import { type Detail, linksOf } from "../model/detail.ts";
import { holdOf } from "../model/held.ts";
import { logLine } from "../model/log.ts";
import type { Row } from "../model/row.ts";
import { clock, left, spanText } from "../model/times.ts";
import { stateWord } from "../model/views.ts";
import { fit, safe, safeLines, wrap } from "../text.ts";
import { type Line, line, span, type Tone } from "./line.ts";
import { stateTone } from "./tones.ts";

const LABEL = 11;
/** A payload may have thousands of lines: beyond these, `coord get` shows the rest. */
const MOST_BLOCK_LINES = 200;
const MOST_EVENTS = 12;

/**
 * Everything about one task, in lines of at most `width` columns: what the row says at once, the rest as soon as it has been read.
 * @param row undefined where the board has forgotten it or never had it; then only what was read is shown.
 */
export function detailLines(row: Row | undefined, detail: Detail | undefined, board: BoardView, now: number, width: number): Line[] {
  const task = detail?.task;
  const name = row?.name ?? task?.name;
  const number = row?.number ?? task?.number;
  if (name === undefined || number === undefined) return [line(span("no task is selected", "dim"))];
  const lines: Line[] = wrap(`#${number} ${safe(name)}`, width).map((text) => line(span(text, "title")));
  const say = (label: string, value: string, tone: Tone = "plain") => {
    if (value === "") return;
    for (const [index, text] of wrap(value, width - LABEL).entries()) {
      lines.push(line(span((index === 0 ? label : "").padEnd(LABEL), "dim"), span(text, tone)));
    }
  };
  if (row) sayRow(row, board, now, say);
  if (!detail) return [...lines, line(""), line(span("reading…", "dim"))];
  sayTask(detail, now, say);
  lines.push(...linkLines(detail, width));
  const { payload, result, description } = detail.task;
  lines.push(...block("description", description === "" ? [] : safeLines(description), width, number));
  lines.push(...block("payload", json(payload), width, number));
  lines.push(...block("result", json(result), width, number));
  lines.push(...noteLines(detail, now, width), ...claimLines(detail, now, width), ...eventLines(detail, width));
  return lines;
}

type Say = (label: string, value: string, tone?: Tone) => void;

function sayRow(row: Row, board: BoardView, now: number, say: Say): void {
  const hold = holdOf(row, board);
  const blockers = hold?.blockers.map((blocker) => `#${blocker.number} ${STATES[blocker.state].label.toLowerCase()}`).join(", ");
  say("state", hold ? `Held by ${blockers || "its dependencies"}` : stateWord(row), stateTone(row.state, row.ready));
  if (row.reason) say("why", safe(row.reason), row.state === "failed" ? "bad" : "plain");
  if (row.claimedBy) say(row.state === "claimed" ? "held by" : "last held", safe(row.claimedBy));
  if (row.state === "claimed") {
    const since = row.claimedAt === null ? "" : `for ${spanText(now - row.claimedAt)}, `;
    const remaining = row.leaseUntil === null ? null : row.leaseUntil - now;
    say(
      "claim",
      `${since}${remaining === null ? "no deadline" : remaining <= 0 ? "lease is over" : `lease ends in ${left(remaining)}`}, attempt ${row.attempt}`,
    );
  }
  if (row.lapsed) say("lapsed", `${spanText(now - row.lapsed.at)} ago from ${safe(row.lapsed.by)}`, "bad");
  say("kind", safe(`${row.kind}, ${row.priority} priority${row.performer === "user" ? ", for a person" : ""}`));
  if (row.assignee) say("assignee", safe(row.assignee));
  say("labels", safe(row.labels.join(", ")));
}

function sayTask({ task, history }: Detail, now: number, say: Say): void {
  const by = task.created_by ? ` by ${safe(task.created_by)}` : "";
  say("posted", `${spanText(now - Date.parse(task.created_at))} ago${by}`);
  if (task.review === "required") say("review", "required");
  const claim = history.claims.at(-1);
  if (claim?.end === null) say("claim_id", claim.claim_id);
  say("id", task.id);
}

function linkLines(detail: Detail, width: number): Line[] {
  const links = linksOf(detail.task, detail.history);
  if (links.length === 0) return [];
  const lines = links.map(({ label, id }) => {
    const other = detail.related.find((related) => related.id === id);
    const text = other ? `#${other.number} ${safe(other.name)} · ${STATES[other.state].label.toLowerCase()}` : `${id} (not on this board)`;
    return line(span(`  ${label.padEnd(LABEL)}`, "dim"), span(fit(text, width - LABEL - 2)));
  });
  return [...heading("chain"), ...lines];
}

const MOST_NOTES = 5;

/** What was said about it, notes and reviews, the newest last: of each as much as fits two lines. */
function noteLines({ history }: Detail, now: number, width: number): Line[] {
  const notes = history.notes.map(({ author, body, at }) => ({ at, text: `${author}: ${body ?? "(taken back)"}` }));
  const reviews = history.reviews.map(({ reviewer, decision, body, at }) => ({
    at,
    text: `${reviewer} ${decision.replace("_", " ")}: ${body ?? ""}`,
  }));
  const said = [...notes, ...reviews].sort((a, b) => a.at.localeCompare(b.at)).slice(-MOST_NOTES);
  if (said.length === 0) return [];
  const lines = said.flatMap(({ at, text }) => {
    const age = spanText(now - Date.parse(at)).padStart(4);
    return wrap(fit(safe(text), (width - 8) * 2), width - 7)
      .slice(0, 2)
      .map((part, index) => line(span(`  ${index === 0 ? age : "    "} `, "dim"), span(part)));
  });
  return [...heading("said"), ...lines];
}

function claimLines({ history }: Detail, now: number, width: number): Line[] {
  const ended = history.claims.filter((claim) => claim.end !== null);
  if (ended.length === 0) return [];
  const lines = ended.slice(-5).map((claim) => {
    const ago = claim.ended_at === null ? "" : `${spanText(now - Date.parse(claim.ended_at))} ago`;
    return line(span(fit(`  attempt ${claim.attempt}: ${safe(claim.agent_id)}, ${claim.end} ${ago}`, width)));
  });
  return [...heading("claims before"), ...lines];
}

function eventLines({ history }: Detail, width: number): Line[] {
  const lines = history.events.slice(-MOST_EVENTS).map((event) => {
    const { at, type, agent, note } = logLine(event);
    const text = [type, agent === null ? "" : safe(agent), safe(note)].filter((part) => part !== "").join(" · ");
    return line(span(`  ${clock(at)} `, "dim"), span(fit(text, width - 11)));
  });
  return [...heading("events"), ...lines];
}

function heading(title: string): Line[] {
  return [line(""), line(span(title, "strong"))];
}

function block(title: string, body: readonly string[], width: number, number: number): Line[] {
  if (body.length === 0) return [];
  const wrapped = body.slice(0, MOST_BLOCK_LINES).flatMap((text) => wrap(text, width - 2));
  const shown = wrapped.slice(0, MOST_BLOCK_LINES).map((text) => line(`  ${text}`));
  const isCut = body.length > MOST_BLOCK_LINES || wrapped.length > MOST_BLOCK_LINES;
  return [...heading(title), ...shown, ...(isCut ? [line(span(`  … all of it: coord get ${number}`, "dim"))] : [])];
}

const MOST_JSON_CHARS = 40_000;

function json(value: unknown): string[] {
  if (value === null || value === undefined) return [];
  return safeLines(JSON.stringify(value, null, 2).slice(0, MOST_JSON_CHARS));
}
