import { expect, test } from 'vitest';

import { EXPECTED_CODES, fuzzOptions } from '../../fuzz/cases.ts';
import { fuzz } from '../../fuzz/fuzz.ts';
import { DOCUMENT_NAMES } from '../../documents/documents.ts';
import { MOST_CHILD_MIB } from '../../helpers/measures/peak-memory.ts';

test('thousands of mutated documents are read, or refused with a code; nothing else happens', async () => {
  const options = fuzzOptions(DOCUMENT_NAMES, 10_000);
  const report = await fuzz(options);
  console.log(`FUZZ_SEED=${options.seed}`, report);
  expect(['read', ...EXPECTED_CODES]).toEqual(expect.arrayContaining(Object.keys(report.outcomes)));
  expect(report.peakMiB).toBeLessThan(MOST_CHILD_MIB);
});
