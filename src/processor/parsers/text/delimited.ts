const DELIMITERS = [',', ';', '\t', '|'];
/** Enough to see how many fields a row has. */
const SAMPLE_CHARS = 64 * 1024;
const SAMPLE_ROWS = 50;
/** Matches a first line that names the delimiter, as some programs write it. */
const DELIMITER_LINE = /^sep=.\n/i;

/** Splits delimited values into rows. A quoted field may hold delimiters and line ends. */
export function readRows(text: string): Generator<string[]> {
  if (DELIMITER_LINE.test(text)) return rowsBy(text.slice('sep=,\n'.length), text.charAt('sep='.length));
  return rowsBy(text, delimiterOf(text));
}

/** Finds the delimiter that gives most rows the same number of fields, at least two. */
function delimiterOf(text: string): string {
  const sample = text.slice(0, SAMPLE_CHARS);
  const agreement = (delimiter: string) => {
    const counts = new Map<number, number>();
    let seen = 0;
    for (const { length } of rowsBy(sample, delimiter)) {
      if (length > 1) counts.set(length, (counts.get(length) ?? 0) + 1);
      if (++seen === SAMPLE_ROWS) break;
    }
    return Math.max(0, ...counts.values());
  };
  const scored = DELIMITERS.map((delimiter) => [delimiter, agreement(delimiter)] as const);
  return scored.reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

function* rowsBy(text: string, delimiter: string): Generator<string[]> {
  let row: string[] = [];
  let lineEnd = -1;
  for (let at = 0; at < text.length;) {
    const quoted = text[at] === '"' ? quotedField(text, at) : undefined;
    const rest = quoted?.end ?? at;
    if (lineEnd < rest) lineEnd = indexOrEnd(text, '\n', rest);
    const end = Math.min(indexOrEnd(text, delimiter, rest, lineEnd), lineEnd);
    row.push((quoted?.value ?? '') + text.slice(rest, end));
    at = end + 1;
    // An empty field follows a delimiter at the very end.
    if (end < lineEnd && at < text.length) continue;
    if (end < lineEnd) row.push('');
    yield row;
    row = [];
  }
}

/**
 * Reads a quoted field, where doubled quotes mean one. Returns undefined for an unclosed quote, which is an ordinary
 * character.
 */
function quotedField(text: string, start: number): { value: string; end: number } | undefined {
  let close = text.indexOf('"', start + 1);
  while (close !== -1 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  if (close === -1) return undefined;
  return { value: text.slice(start + 1, close).replaceAll('""', '"'), end: close + 1 };
}

function indexOrEnd(text: string, char: string, from: number, end = text.length): number {
  // Searching the whole text for each field would take quadratic time.
  for (let at = from; at < end; at++) if (text[at] === char) return at;
  return end;
}
