/** What ends a cell without quotes. */
const ENDS = /[,\r\n]/g;

/**
 * The rows of a CSV text (RFC 4180), each with the line on which it begins. Line breaks and doubled quotes may stand within quotes.
 * @throws Error, naming the line, where a quote is never closed or something follows a closed one
 */
export function* rowsOfCsv(text: string): Generator<{ line: number; cells: string[] }> {
  let at = text.startsWith("\ufeff") ? 1 : 0;
  for (let line = 1; at < text.length; ) {
    const begins = line;
    const cells: string[] = [];
    for (let more = true; more; ) {
      let cell = "";
      if (text[at] === '"') {
        for (at += 1; ; ) {
          const end = text.indexOf('"', at);
          if (end === -1) throw new Error(`line ${begins}: a quote is never closed`);
          cell += text.slice(at, end);
          at = end + 1;
          if (text[at] !== '"') break;
          cell += '"';
          at += 1;
        }
        for (const letter of cell) if (letter === "\n") line += 1;
      } else {
        ENDS.lastIndex = at;
        const end = ENDS.test(text) ? ENDS.lastIndex - 1 : text.length;
        cell = text.slice(at, end);
        at = end;
      }
      cells.push(cell);
      more = text[at] === ",";
      if (more) at += 1;
    }
    if (at < text.length && text[at] !== "\n" && text[at] !== "\r") throw new Error(`line ${begins}: something follows a closed quote`);
    if (text[at] === "\r") at += 1;
    if (text[at] === "\n") at += 1;
    line += 1;
    if (cells.length > 1 || cells[0] !== "") yield { line: begins, cells };
  }
}
