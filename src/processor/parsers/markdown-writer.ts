/** Text on one line, single spaces between words. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Text in which no line begins like a Markdown heading or code fence. */
export function escapeBlocks(text: string): string {
  return text.replace(/^( {0,3})(?=#{1,6}(?:[ \t]|$)|`{3}|~{3})/gm, '$1\\');
}

/** A heading; '' where it has no words. Markdown has six levels. */
export function heading(level: number, title: string): string {
  const words = oneLine(title);
  return words === '' ? '' : `${'#'.repeat(Math.min(Math.max(level, 1), 6))} ${words}`;
}

/** Code in a fence that is longer than any inside it. */
export function codeBlock(code: string, language = ''): string {
  const inside = code.match(/`{3,}/g) ?? [];
  const fence = inside.reduce((longest, run) => (run.length >= longest.length ? `${run}\`` : longest), '```');
  return `${fence}${oneLine(language)}\n${code.replace(/\n+$/, '')}\n${fence}`;
}

/**
 * A table, line by line: the first row is its header.
 * @param rows the cells of each row, as plain text
 * @param columns how many the table has; without it, as many as its header
 */
export function* tableLines(rows: Iterable<readonly string[]>, columns = 0): Generator<string> {
  let header = true;
  for (const row of rows) {
    const cells = row.map((cell) => oneLine(cell).replaceAll('|', '\\|'));
    // Markdown knows a table by a header as wide as the line below; later rows may be shorter.
    if (header) while (cells.length < columns) cells.push('');
    yield `| ${cells.join(' | ')} |`;
    if (header) yield `|${' --- |'.repeat(cells.length)}`;
    header = false;
  }
}
