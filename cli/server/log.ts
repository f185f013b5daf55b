import { appendFileSync, renameSync, statSync } from "node:fs";

/** A line of the server's log. */
export interface LogLine {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly level: string;
  readonly message: string;
}

/**
 * Reads one line of workerd's output. The worker's lines are JSON with a number as timestamp, the runtime's JSON with a
 * text, a crash prints neither: what cannot be read passes as it is.
 */
export function parseLine(line: string, now: number): LogLine {
  if (line.startsWith("{")) {
    try {
      const { timestamp, level, message } = JSON.parse(line) as { timestamp?: unknown; level?: unknown; message?: unknown };
      if (typeof message === "string") {
        const time = Number(timestamp);
        const at = Number.isFinite(time) && time > 0 ? time : now;
        return { time: at, level: typeof level === "string" ? level : "log", message, ...ofBrokenClient(message) };
      }
    } catch {
      // Not JSON after all.
    }
  }
  return { time: now, level: "log", message: line };
}

/** The runtime calls a client that breaks WebSocket's rules (RFC 6455) an uncaught exception: it is cut off, and nothing is wrong here. */
function ofBrokenClient(message: string): Pick<LogLine, "level" | "message"> | undefined {
  const [, rule] = /^Uncaught exception: .*WebSocket protocol error;.*description = (.*)$/s.exec(message) ?? [];
  return rule === undefined
    ? undefined
    : { level: "info", message: `a client's session was cut off, since it broke WebSocket's rules: ${rule}` };
}

/** One line of text: time, level, message. Newlines inside the message stay, indented, so that a line of the log begins with a time. */
export function formatLine({ time, level, message }: LogLine): string {
  return `${new Date(time).toISOString()} ${level} ${message.replaceAll("\n", "\n  ")}\n`;
}

export type LogSink = (line: LogLine) => void;

/** Past this size the log is renamed to `<path>.1`, which replaces the one before: at most twice this is kept. */
export const LOG_BYTES = 5 * 1024 * 1024;

/** Appends to a file, rotated by size. A full disk loses lines, never the server. */
export function fileSink(path: string, limit_bytes: number = LOG_BYTES): LogSink {
  let size = 0;
  try {
    size = statSync(path).size;
  } catch {
    // No log yet.
  }
  return (line) => {
    const text = formatLine(line);
    try {
      if (size > 0 && size + text.length > limit_bytes) {
        renameSync(path, `${path}.1`);
        size = 0;
      }
      appendFileSync(path, text, { mode: 0o600 });
      size += Buffer.byteLength(text);
    } catch {
      // A full disk or a removed folder: there is nowhere left to say so.
    }
  };
}

/** Writes to two places, so that `coord logs` knows of a foreground server too. */
export function both(first: LogSink, second: LogSink): LogSink {
  return (line) => {
    first(line);
    second(line);
  };
}

/** Writes to stderr, where a foreground server's log belongs. */
export const stderrSink: LogSink = (line) => {
  process.stderr.write(formatLine(line));
};
