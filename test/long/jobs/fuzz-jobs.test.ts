import { expect, test } from 'vitest';

import { EXPECTED_CODES, fuzzOptions } from '../../fuzz/cases.ts';
import { fuzzJobs } from '../../fuzz/fuzz-jobs.ts';
import { MOST_CHILD_MIB } from '../../helpers/measures/peak-memory.ts';
import { DOCUMENT_NAMES } from '../../documents/documents.ts';

test('mutated documents of any size make jobs that end; nothing else happens', async () => {
  const options = fuzzOptions(DOCUMENT_NAMES, 1000);
  const report = await fuzzJobs(options);
  console.log(`FUZZ_SEED=${options.seed}`, report);
  expect(['completed', ...EXPECTED_CODES]).toEqual(expect.arrayContaining(Object.keys(report.outcomes)));
  expect(report.peakMiB).toBeLessThan(MOST_CHILD_MIB);
});
