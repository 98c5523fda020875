import { expect, test } from 'vitest';

import { Samples, SHOWN_MS } from '../../../client/operations/samples.ts';
import type { Stats } from '../../../src/contract/jobs.ts';

const stats = (completed: number, failed = 0): Stats => ({
  queue_depth: completed,
  in_flight: 0,
  delayed: 0,
  parked: 0,
  active: 0,
  cleanups: 0,
  documents_incomplete: 0,
  orphan_generations: 0,
  completed,
  failed,
  cancelled: 0,
});
/** Adds samples of `[seconds, completed, failed]`. */
function sampled(...values: [number, number, number?][]): Samples {
  const samples = new Samples();
  for (const [seconds, completed, failed] of values)
    samples.add({ at: seconds * 1000, stats: stats(completed, failed), oldestMs: undefined });
  return samples;
}
const values = (points: { value: number | undefined }[]) => points.map(({ value }) => value);

test('throughput is the difference of the counters over the last ten seconds', () => {
  const samples = sampled([0, 100], [2, 104], [4, 108], [6, 108], [8, 108], [10, 108], [12, 108], [14, 108]);
  expect(values(samples.throughput())).toEqual([undefined, 2, 2, 8 / 6, 1, 0.8, 0.4, 0]);
});

test('a gap interrupts a rate, because nothing is known of it', () => {
  expect(values(sampled([0, 0], [2, 10], [60, 500], [62, 504]).throughput())).toEqual([
    undefined,
    5,
    undefined,
    2,
  ]);
});

test('the success rate counts the runs that ended within a minute', () => {
  const samples = sampled([0, 0, 0], [2, 0, 0], [4, 3, 1], [6, 3, 1]);
  expect(values(samples.successRate())).toEqual([undefined, undefined, 0.75, 0.75]);
});

test('counters that fell begin anew', () => {
  const samples = sampled([0, 100], [2, 110], [4, 3], [6, 5]);
  expect(values(samples.throughput())).toEqual([undefined, 1]);
});

test('the samples of the last minutes are kept, and no others', () => {
  const every = 2000;
  const samples = new Samples();
  for (let i = 0; i < 1000; i++) samples.add({ at: i * every, stats: stats(i), oldestMs: i });
  const points = samples.points((_, { oldestMs }) => oldestMs);
  expect(points).toHaveLength(SHOWN_MS / every + 1);
  expect(points.at(-1)).toEqual({ at: 999 * every, value: 999 });
});
