import { expect, it } from 'vitest';

import type { PlacedText } from '../../../../../../src/processor/parsers/pdf/annotations/pdf-fields.ts';
import { withCorrectedTables } from '../../../../../../src/processor/parsers/pdf/tables/corrected-tables.ts';

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
