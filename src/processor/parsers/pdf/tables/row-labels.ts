import type { PlacedText } from '../annotations/pdf-fields.ts';
import { rowsOf } from '../mixed-columns.ts';
import { lettersOf } from '../pdf-letters.ts';
import { drawnLines, MAX_STEPS, searchedPage, type Budget } from './drawn-lines.ts';
import { endOf, NUMBER, rowsOfTable, TABLE, tableOf } from './table-markdown.ts';

/** Fewest rows of numbers, and the share of them that must have a label. */
const MIN_ROWS = 4;
const MIN_LABELED = 0.8;

/** Puts back the labels of rows that LiteParse has lost, as a column of their own. Without them, numbers say nothing. */
export function withRowLabels(
  markdown: string,
  pieces: readonly PlacedText[],
  budget: Budget = { steps: MAX_STEPS },
): string {
  const lines = rowsOf(pieces);
  const page = searchedPage(lines, budget);
  const lineOf = new Map(lines.flatMap((line, index) => line.map((piece) => [piece, index] as const)));
  let letters: string | undefined;
  return markdown.replace(TABLE, (table) => {
    const rows = rowsOfTable(table);
    const counted = rows.map(isCounted);
    const numberRows = counted.filter(Boolean).length;
    if (numberRows < MIN_ROWS) return table;
    letters ??= lettersOf(markdown);
    // Rows may have the same numbers. Each stands below the one before.
    let next = 0;
    const labels = rows.map((cells) => {
      const drawn = drawnLines(cells, page, 0, next) ?? [];
      const first = drawn[0]?.pieces[0];
      const line = first && lineOf.get(first);
      if (!first || line === undefined) return [];
      next = line + drawn.length;
      const left = lines[line]?.slice(0, lines[line].indexOf(first)) ?? [];
      return left.filter(({ text }) => !letters?.includes(lettersOf(text)));
    });
    const labeled = labels.filter((label, row) => counted[row] && label.length > 0).length;
    if (labeled < numberRows * MIN_LABELED) return table;
    const whole = rows.map((cells, row) => [
      labels[row]?.map(({ text }) => text.trim()).join(' ') ?? '',
      ...cells,
    ]);
    return tableOf(whole) + endOf(table);
  });
}

/** Returns whether a row has numbers only. */
function isCounted(cells: readonly string[]): boolean {
  const filled = cells.filter((cell) => cell !== '');
  return filled.length > 0 && filled.every((cell) => NUMBER.test(cell));
}
