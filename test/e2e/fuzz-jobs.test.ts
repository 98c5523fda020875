import { expect, test } from 'vitest';

import { EXPECTED_CODES, fuzzOptions, SMALL_FILES } from '../fuzz/cases.ts';
import { fuzzJobs } from '../fuzz/fuzz-jobs.ts';
import { MOST_CHILD_MIB } from '../helpers/peak-memory.ts';

test('mutated documents make jobs that end, each with a code if it failed; nothing else happens', async () => {
  const options = fuzzOptions(SMALL_FILES, 120);
  const report = await fuzzJobs(options);
  console.log(`FUZZ_SEED=${options.seed}`, report);
  expect(['completed', ...EXPECTED_CODES]).toEqual(expect.arrayContaining(Object.keys(report.outcomes)));
  expect(report.peakMiB).toBeLessThan(MOST_CHILD_MIB);
});
