import { expect, test } from 'vitest';

import { EXPECTED_CODES, fuzzOptions, SMALL_FILES } from '../../fuzz/cases.ts';
import { fuzz } from '../../fuzz/fuzz.ts';

/** Four times what has been seen; what small files unpack to is bounded, too. */
const MOST_MIB = 1024;

test('mutated documents are read, or refused with a code; nothing else happens', async () => {
  const options = fuzzOptions(SMALL_FILES, 200);
  const report = await fuzz(options);
  console.log(`FUZZ_SEED=${options.seed}`, report);
  expect(['read', ...EXPECTED_CODES]).toEqual(expect.arrayContaining(Object.keys(report.outcomes)));
  expect(report.peakMiB).toBeLessThan(MOST_MIB);
});
