import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { formatValue, parseMetadata, parseValue } from '../../../client/wording/documents.ts';

test('a value that is shown and read again keeps its type', () => {
  const value = fc.oneof(
    fc.string(),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
    fc.constantFrom('true', '2026', '"quoted"', 'a, b', ' blank ', '', '1e5'),
  );
  fc.assert(
    fc.property(value, (value) => {
      expect(parseValue(formatValue(value))).toBe(value);
    }),
  );
});

test('a filter has keys, values and types', () => {
  expect(parseMetadata('team=sea, year=2026, draft=true')).toEqual({ team: 'sea', year: 2026, draft: true });
  expect(parseMetadata('year="2026", words="a, b=c"')).toEqual({ year: '2026', words: 'a, b=c' });
  expect(parseMetadata('formula=a=b')).toEqual({ formula: 'a=b' });
  expect(parseMetadata('')).toEqual({});
  for (const text of ['team', '=sea', 'team=sea, year']) expect(parseMetadata(text)).toBeUndefined();
});
