import { describe, expect, it } from 'vitest';

import { withDrawnRows } from '../../../../../../src/processor/parsers/pdf/tables/table-rows.ts';
import { pdf, textAt } from '../../../../../helpers/documents/pdf-files.ts';
import { parsed } from '../../../../../helpers/documents/parsed.ts';
import { placed, tableOf } from './placed-rows.ts';

const HEADER = ['Light', 'Oil', 'Gas'];
const LAMPS = [
  ['Patience', '12', '7'],
  ['Old Head', '9', '4'],
  ['Skerry', '5', '12'],
];

describe('rows that no rule separates', () => {
  it('become rows of their own', async () => {
    const rows = [HEADER, ...LAMPS];
    const cells = rows.flatMap((row, line) =>
      row.map((cell, column) => textAt(cell, [65 + 120 * column, 685 - 16 * line], 10)),
    );
    const rules = [700, 680, 630].map((y) => `60 ${y} m 420 ${y} l S\n`);
    const sides = [60, 180, 300, 420].map((x) => `${x} 630 m ${x} 700 l S\n`);
    const { text } = await parsed(pdf([[...cells, ...rules, ...sides].join('')]));
    expect(text).toBe(tableOf(rows));
  });

  it('stay one if their words wrap', () => {
    const lines = [HEADER, ['The lightship', 'of oak', '12'], ['Patience', 'and ash', '']];
    const table = tableOf([HEADER, ['The lightship Patience', 'of oak and ash', '12']]);
    expect(withDrawnRows(table, placed(lines))).toBe(table);
  });
});

it('keeps a cell of many numbers and a word', () => {
  const years = Array.from({ length: 60 }, (_, year) => 1871 + year).join(' ');
  const table = tableOf([HEADER, ['Patience', `${years} and on`, '7']]);
  expect(withDrawnRows(table, placed([['Elsewhere']]))).toBe(table);
});

describe('prose around a table', () => {
  const notes = ['The lamps of the Skerry were', 'counted in the spring only.'];
  const cut = ['The lamps of', 'the Skerry were counted in the', 'spring only.'];

  it('becomes a paragraph below it', () => {
    const table = tableOf([HEADER, ...LAMPS, cut]);
    const lines = placed([HEADER, ...LAMPS, [notes.join(' ')]]);
    expect(withDrawnRows(`Before.\n\n${table}\n\nAfter.`, lines)).toBe(
      `Before.\n\n${tableOf([HEADER, ...LAMPS])}\n\n${notes.join(' ')}\n\nAfter.`,
    );
  });

  it('becomes a paragraph above it, in the order of its lines', () => {
    const mixed = ['The lamps of counted in', 'the Skerry were the spring only.', ''];
    const lines = placed([[notes[0]!], [notes[1]!], HEADER, ...LAMPS]);
    expect(withDrawnRows(tableOf([mixed, HEADER, ...LAMPS]), lines)).toBe(
      `${notes.join(' ')}\n\n${tableOf([HEADER, ...LAMPS])}`,
    );
  });

  it('stays a row if each cell is a piece of its own', () => {
    const table = tableOf([HEADER, ...LAMPS, cut]);
    expect(withDrawnRows(table, placed([HEADER, ...LAMPS, cut]))).toBe(table);
  });
});

it('reads a column of prose that ends in torn lines as prose', async () => {
  const lines = Array.from({ length: 16 }, (_, line) => {
    const y = 700 - 14 * line;
    const left = textAt(`Zeile ${line} der linken Spalte handelt von Ziegen`, [40, y], 10);
    const right =
      line % 5 === 0
        ? textAt('und endet', [320, y], 10) + textAt(`als Zeile ${line}.`, [400, y], 10)
        : textAt(`Zeile ${line} der rechten Spalte handelt von Wällen`, [320, y], 10);
    return left + right;
  });
  const { text } = await parsed(pdf([lines.join('')]));
  expect(text).not.toContain('|');
  const words = text.replace(/\s+/g, ' ');
  expect(words).toContain('Zeile 4 der rechten Spalte handelt von Wällen und endet als Zeile 5. Zeile 6');
  expect(words).toContain('Zeile 9 der rechten Spalte handelt von Wällen und endet als Zeile 10. Zeile 11');
});

it('writes the last lines of paragraphs as prose if the text lacks the lines between them', () => {
  const full = ['Die Lampen der Klippe', 'leuchten im Winter', 'nach dem Fang der'];
  const placedLines = placed([['bis', 'Mai.'], ...full.map((line) => [line]), ['an', 'Land.']]);
  const table = tableOf([['bis an', 'Mai. Land.']]);
  expect(withDrawnRows(table, placedLines)).toBe('bis Mai. an Land.');
  const text = `${full.join(' ')}\n\n${table}`;
  expect(withDrawnRows(text, placedLines)).toBe(text);
});
