import type { PlacedText } from '../../../../../../src/processor/parsers/pdf/annotations/pdf-fields.ts';

/** Writes rows as a table of Markdown. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const lines = rows.map((cells) => `| ${cells.join(' | ')} |`);
  return lines.toSpliced(1, 0, `|${'---|'.repeat(rows[0]!.length)}`).join('\n');
}

/** Places rows of pieces, 12 points below each other, each piece in a column of its own. An empty text has no piece. */
export function placed(rows: readonly (readonly string[])[]): PlacedText[] {
  return rows.flatMap((cells, row) =>
    cells.flatMap((text, column): PlacedText[] => {
      const left = 50 + column * 100;
      return text === '' ? [] : [{ text, box: [left, 100 + row * 12, left + 90, 110 + row * 12] }];
    }),
  );
}
