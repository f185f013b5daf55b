import { renderToString } from "ink";
import { Frame } from "./components/Frame.tsx";
import type { Picture } from "./ui/picture.ts";

/** One frame as text, as large as its picture says; with colour, or without any escape sequence at all. */
export function frameText(of: Picture, hasColour: boolean): string {
  const text = renderToString(<Frame of={of} hasColour={hasColour} />, { columns: of.size.columns });
  return hasColour ? text : withoutStyles(text);
}

/** Takes out bold, dim and reversed as well, which ink paints wherever it believes to be on a terminal. */
function withoutStyles(text: string): string {
  return text.replace(/\x1b\[[\d;]*m/g, "");
}
