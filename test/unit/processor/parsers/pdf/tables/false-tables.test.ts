import { describe, expect, it } from 'vitest';

import { withoutFalseTables } from '../../../../../../src/processor/parsers/pdf/tables/false-tables.ts';
import { pdf, textAt } from '../../../../../helpers/documents/pdf-files.ts';
import { parsed } from '../../../../../helpers/documents/parsed.ts';

const tableOf = (rows: readonly string[][]) =>
  rows
    .map((cells) => `| ${cells.join(' | ')} |`)
    .toSpliced(1, 0, '|---|---|')
    .join('\n');

describe('prose in a table', () => {
  it('becomes a paragraph if a cut lies inside a piece of text', () => {
    const rows = [
      ['the goat of the', 'council sleeps'],
      ['in the shade of', 'a sea wall'],
      ['and the mason', 'waits.'],
    ];
    const pieces = rows.map((cells) => cells.join(' '));
    expect(withoutFalseTables(`Before.\n\n${tableOf(rows)}\n\nAfter.`, pieces)).toBe(
      'Before.\n\nthe goat of the council sleeps in the shade of a sea wall and the mason waits.\n\nAfter.',
    );
  });

  it('becomes a paragraph if cells and rows read on as sentences', () => {
    const rows = [
      ['The goat of the council', 'is asleep in', 'the shade'],
      ['of a sea wall, while the', 'mason waits for', 'his crowns'],
      ['and for an answer of the', 'clerk, who has', 'not been seen'],
      ['since the feast of the', 'herring in May', 'or June.'],
    ];
    const pieces = rows.flat();
    expect(withoutFalseTables(tableOf(rows), pieces)).toBe(rows.flat().join(' '));
  });
});

describe('a table', () => {
  it.each<[string, string[][], string[]]>([
    [
      'of words that a piece joins',
      [
        ['Sealdale', 'innkeeper', 'granite'],
        ['Westerholm', 'postman', 'lime'],
        ['Margarth', 'boatwright', 'herring'],
      ],
      ['Sealdale', 'innkeeper granite', 'Westerholm', 'postman lime', 'Margarth', 'boatwright herring'],
    ],
    [
      'of numbers that a piece joins',
      [
        ['the first', '47.0', '64.3'],
        ['the second', '50.0', '63.3'],
        ['the third', '42.6', '63.1'],
      ],
      ['the first 47.0 64.3', 'the second 50.0 63.3', 'the third 42.6 63.1'],
    ],
    [
      'with sentences in its cells',
      [
        ['adze', 'It shapes beams and boards of oak along the grain.', '12'],
        ['froe', 'It splits shingles from a round of dry cedar.', '9'],
        ['auger', 'It bores holes into the posts of a gate.', '7'],
      ],
      [],
    ],
  ])('%s stays one', (_, rows, pieces) => {
    const table = tableOf(rows);
    expect(withoutFalseTables(table, pieces)).toBe(table);
  });
});

it('reads the second of two columns of prose, whose last lines are torn, as prose', async () => {
  const lines = Array.from({ length: 16 }, (_, line) => {
    const y = 700 - 14 * line;
    const left = textAt(`of the left column, line number ${line} about the goat`, [40, y], 10);
    const right =
      line % 5 === 0
        ? textAt('and there it', [320, y], 10) + textAt('ends so.', [400, y], 10)
        : textAt(`of the right column, number ${line} about the wall`, [320, y], 10);
    return left + right;
  });
  const { text } = await parsed(pdf([lines.join('')]));
  expect(text).not.toContain('|');
  const words = text.replace(/\s+/g, ' ');
  expect(words).toContain('and there it ends so. of the right column, number 6 about the wall');
});
