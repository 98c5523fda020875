/** Puts text on one line with single spaces between words. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Escapes lines that begin like a Markdown heading or code fence. */
export function escapeBlocks(text: string): string {
  return text.replace(/^( {0,3})(?=#{1,6}(?:[ \t]|$)|`{3}|~{3})/gm, '$1\\');
}

/** Writes a heading, or '' without words. Markdown has six levels. */
export function heading(level: number, title: string): string {
  const words = oneLine(title);
  return words === '' ? '' : `${'#'.repeat(Math.min(Math.max(level, 1), 6))} ${words}`;
}

/** Writes code in a fence that is longer than any inside it. */
export function codeBlock(code: string, language = ''): string {
  const inside = code.match(/`{3,}/g) ?? [];
  const fence = inside.reduce((longest, run) => (run.length >= longest.length ? `${run}\`` : longest), '```');
  return `${fence}${oneLine(language)}\n${code.replace(/\n+$/, '')}\n${fence}`;
}

/**
 * Writes a table line by line. The first row is its header.
 * @param rows cells of each row, as plain text
 * @param columns number of columns; by default those of the header
 */
export function* tableLines(rows: Iterable<readonly string[]>, columns = 0): Generator<string> {
  let header = true;
  for (const row of rows) {
    const cells = row.map((cell) => oneLine(cell).replaceAll('|', '\\|'));
    // Markdown needs a header as wide as the line below it. Later rows may be shorter.
    if (header) while (cells.length < columns) cells.push('');
    yield `| ${cells.join(' | ')} |`;
    if (header) yield `|${' --- |'.repeat(cells.length)}`;
    header = false;
  }
}
