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
 * Writes a table row by row. The first row is its header, with the line of dashes below it.
 * @param rows cells of each row, as plain text
 * @param columns number of columns; by default those of the header
 */
export function* tableRows(rows: Iterable<readonly string[]>, columns = 0): Generator<string> {
  let header = true;
  for (const row of rows) {
    // Markdown needs a header as wide as the line below it. Later rows may be shorter.
    const cells = header ? [...row, ...Array<string>(Math.max(columns - row.length, 0)).fill('')] : row;
    yield header ? `${tableRow(cells)}\n|${' --- |'.repeat(cells.length)}` : tableRow(cells);
    header = false;
  }
}

/** Writes the cells of a row, as plain text. */
export function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => oneLine(cell).replaceAll('|', '\\|')).join(' | ')} |`;
}
