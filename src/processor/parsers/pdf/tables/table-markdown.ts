/** Matches a table in Markdown. */
export const TABLE = /(?:^\|.*\|[ \t]*(?:\n|$))+/gm;
/** Matches the row of dashes in it. */
const RULE = /^\|(?:\s*:?-+:?\s*\|)+\s*$/;
/** Matches a cell or a piece that is a number, maybe with a currency, a sign or brackets. Linear: `\d` is its first digit. */
export const NUMBER = /^[^\p{L}\d]*\d[^\p{L}]*$/u;

/** Splits a table into its rows of cells, without the row of dashes. */
export function rowsOfTable(table: string): string[][] {
  return table
    .trimEnd()
    .split('\n')
    .filter((line) => !RULE.test(line))
    .map(cellsOf);
}

/** Returns the line ends and blanks behind a table, which a writer of its text keeps. */
export function endOf(table: string): string {
  return table.slice(table.trimEnd().length);
}

/** Splits a row into its cells. */
function cellsOf(line: string): string[] {
  return line
    .trim()
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

/** Writes rows as a table; '' if they are empty. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const [header, ...body] = rows.map((cells) => `| ${cells.join(' | ')} |`);
  if (header === undefined || rows.every((cells) => cells.every((cell) => cell === ''))) return '';
  return [header, `|${'---|'.repeat(rows[0]?.length ?? 0)}`, ...body].join('\n');
}
