/** A line on stderr that is written over, where stderr is a terminal; nothing elsewhere. */
export function progressLine(stream: NodeJS.WriteStream = process.stderr) {
  let shown = 0;
  return {
    show(workspace: string, rows: number, of: number): void {
      const now = performance.now();
      if (!stream.isTTY || now - shown < 100) return;
      shown = now;
      const share = of === 0 ? 100 : Math.floor((rows * 100) / of);
      stream.write(`\r\u001b[K${workspace}: ${rows} of ${of} rows, ${share} %`);
    },
    clear(): void {
      if (stream.isTTY && shown > 0) stream.write("\r\u001b[K");
    },
  };
}
