import { expect, test } from 'vitest';

import { EXPECTED_CODES, fuzzOptions, SMALL_FILES } from '../fuzz/cases.ts';
import { fuzz } from '../fuzz/fuzz.ts';

test('mutated documents are read, or refused with a code; nothing else happens', async () => {
  const options = fuzzOptions(SMALL_FILES, 400);
  const report = await fuzz(options);
  console.log(`FUZZ_SEED=${options.seed}`, report);
  expect(['read', ...EXPECTED_CODES]).toEqual(expect.arrayContaining(Object.keys(report.outcomes)));
});
