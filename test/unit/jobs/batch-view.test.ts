import { expect, it } from 'vitest';

import { toBatchView } from '../../../src/jobs/batches/batch-view.ts';
import type { StageCosts } from '../../../src/jobs/model/stage-costs.ts';

/** Costs of 20 runs of one size, in bytes and ms each. */
function costsOf(bytes: number, ms: number): StageCosts {
  const sums = { runs: 20, bytes: 20 * bytes, parse_ms: 0, chunks: 0, embed_ms: 20 * ms, store_ms: 0 };
  return { of_byte: ms / bytes, of_run: ms, ...sums };
}

function secondsLeft(open: number, bytes: number, costs: StageCosts): number {
  const counts = { queued: String(open), bytes: String(bytes), created_ms: '1', updated_ms: '1' };
  return (toBatchView('b', counts, { costs, running: 1 }).time_left_ms ?? Number.NaN) / 1000;
}

it('a batch of files like the last ones takes as long for each', () => {
  expect(secondsLeft(30, 30 * 1000, costsOf(1000, 200))).toBeCloseTo(6, 2);
});

it('the time left is of the right size for other files than the last ones', () => {
  // One large file after small ones, whose bytes seem to take an hour.
  const large = secondsLeft(1, 400_000, costsOf(250, 1500));
  expect(large).toBeGreaterThan(10);
  expect(large).toBeLessThan(120);
  // A thousand small files after large ones, whose bytes seem to take no time.
  const small = secondsLeft(1000, 1000 * 200, costsOf(10_000_000, 60_000));
  expect(small).toBeGreaterThan(60);
  expect(small).toBeLessThan(1800);
});
