import { expect, test } from 'vitest';

import { EXPECTED_CODES, fuzzOptions, SMALL_FILES } from '../../fuzz/cases.ts';
import { fuzz } from '../../fuzz/fuzz.ts';

/** Memory of a child whose reader never ends: V8's limit, and what is outside its heap. Seen: 1,689 MiB for a mutated .msg. */
const MOST_MIB = 2048;

test('mutated documents are read, or refused with a code; nothing else happens', async () => {
  const options = fuzzOptions(SMALL_FILES, 200);
  const report = await fuzz(options);
  console.log(`FUZZ_SEED=${options.seed}`, report);
  expect(['read', ...EXPECTED_CODES]).toEqual(expect.arrayContaining(Object.keys(report.outcomes)));
  expect(report.peakMiB).toBeLessThan(MOST_MIB);
});
