import { expect, test } from 'vitest';

import { EXPECTED_CODES, fuzzOptions } from '../fuzz/cases.ts';
import { fuzz } from '../fuzz/fuzz.ts';
import { corpusNames } from '../helpers/corpus.ts';

/** The kernel's limit without what is only reserved. */
const MAX_CHILD_MIB = 3300;

test('thousands of mutated documents are read, or refused with a code; nothing else happens', async () => {
  const options = fuzzOptions(await corpusNames(), 10_000);
  const report = await fuzz(options);
  console.log(`FUZZ_SEED=${options.seed}`, report);
  expect(['read', ...EXPECTED_CODES]).toEqual(expect.arrayContaining(Object.keys(report.outcomes)));
  expect(report.peakMiB).toBeLessThan(MAX_CHILD_MIB);
});
