import { expect, it } from 'vitest';

import type { PlacedText } from '../../../../../../src/processor/parsers/pdf/annotations/pdf-fields.ts';
import { withCorrectedTables } from '../../../../../../src/processor/parsers/pdf/tables/corrected-tables.ts';

it('leaves the tables of a page as they are whose lines all look like each row', () => {
  const pieces = Array.from({ length: 5000 }, (_, row): PlacedText => {
    const text = row === 0 ? 'oil and wicks and lamps' : '7';
    return { text, box: [50, row * 12, 140, row * 12 + 10] };
  });
  const table = `| oil and | wicks and lamps |\n|---|---|\n${'| 7 | 9 |\n'.repeat(5000)}`;
  expect(withCorrectedTables(table, pieces)).toBe(table);
});

it('leaves the tables of a page as they are that would take too long', () => {
  const pieces = Array.from({ length: 20_000 }, (_, row): PlacedText => {
    return { text: 'oil and wicks', box: [50, row * 12, 140, row * 12 + 10] };
  });
  const cell = 'oil and wicks '.repeat(10_000).trim();
  const table = `| ${cell} | 1 2 | ${cell} |\n|---|---|---|\n| ${cell} | 1 2 | ${cell} |`;
  const start = performance.now();
  expect(withCorrectedTables(table, pieces)).toBe(table);
  expect(performance.now() - start).toBeLessThan(3000);
});
