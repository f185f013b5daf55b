import { Box, Text, type TextProps } from "ink";
import { memo } from "react";
import type { Line, Tone } from "../ui/line.ts";

/** How each tone looks. Colours are the terminal's own sixteen, which its owner has chosen to be readable. */
const LOOKS: Readonly<Record<Tone, Pick<TextProps, "color" | "bold" | "dimColor">>> = {
  plain: {},
  dim: { dimColor: true },
  strong: { bold: true },
  title: { bold: true, color: "cyan" },
  good: { color: "green" },
  warn: { color: "yellow" },
  bad: { color: "red", bold: true },
  info: { color: "cyan" },
};

interface LineProps {
  readonly line: Line;
  readonly hasColour: boolean;
}

/** One line. What is selected is reversed as a whole, without colours that could not be read then; `›` marks it as well. */
const OneLine = memo(
  function OneLine({ line, hasColour }: LineProps) {
    const isSelected = line.isSelected === true;
    return (
      <Text wrap="truncate-end" inverse={isSelected}>
        {line.spans.map((span, index) => {
          const { color, ...looks } = LOOKS[span.tone ?? "plain"];
          const isColoured = hasColour && !isSelected && color !== undefined;
          return (
            <Text key={index} {...(isSelected ? {} : looks)} {...(isColoured ? { color } : {})}>
              {span.text}
            </Text>
          );
        })}
      </Text>
    );
  },
  (before, after) => before.hasColour === after.hasColour && isSameLine(before.line, after.line),
);

function isSameLine(a: Line, b: Line): boolean {
  if (a === b) return true;
  if (a.isSelected !== b.isSelected || a.spans.length !== b.spans.length) return false;
  return a.spans.every((span, index) => span.text === b.spans[index]?.text && span.tone === b.spans[index]?.tone);
}

export interface LinesProps {
  readonly lines: readonly Line[];
  readonly width: number;
  /** Exactly so many lines are shown: what is missing is blank, what is too much is left out. */
  readonly height: number;
  readonly hasColour: boolean;
}

/** A block of lines of a fixed size. */
export function Lines({ lines, width, height, hasColour }: LinesProps) {
  return (
    <Box flexDirection="column" width={width} height={height} flexShrink={0} overflow="hidden">
      {lines.slice(0, height).map((line, index) => (
        <OneLine key={index} line={line} hasColour={hasColour} />
      ))}
    </Box>
  );
}
