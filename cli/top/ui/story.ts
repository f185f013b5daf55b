import { storyLines } from "../../output/story.ts";
import { fit, safe } from "../text.ts";
import { type Line, line, span } from "./line.ts";
import type { Picture } from "./picture.ts";

/** The story of the task in focus, as `coord history` tells it, in lines of at most `width` columns. */
export function storyViewLines({ detail, ui }: Pick<Picture, "detail" | "ui">, width: number): Line[] {
  if (!detail || detail.task.id !== ui.story?.id)
    return [line(span(fit(`#${ui.story?.number} ${safe(ui.story?.name ?? "")}`, width), "title")), line(span("reading…", "dim"))];
  const told = storyLines(detail.history, { columns: width, colour: false });
  return told.map((text, index) => {
    const isAttempt = told[index - 1] === "" && /^attempt \d/.test(text);
    return line(span(fit(safe(text), width), index === 0 ? "title" : isAttempt ? "strong" : "plain"));
  });
}
