/** A table in Markdown, and the row of dashes in it. */
export const TABLE = /(?:^\|.*\|[ \t]*(?:\n|$))+/gm;
export const RULE = /^\|(?:\s*:?-+:?\s*\|)+\s*$/;
/** A cell or a piece that is a number, maybe with a currency, a sign or brackets. */
export const NUMBER = /^[^\p{L}]*\d[^\p{L}]*$/u;

/** Splits a row into its cells. */
export function cellsOf(line: string): string[] {
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
