import { describe, expect, test } from 'vitest';

import { causesOf, countWaits } from '../../../client/operations/standstill.ts';
import type { Job, Waiting } from '../../../src/contract/job.ts';
import type { Stats } from '../../../src/contract/jobs.ts';

const job = (status: Job['status'], waiting_for?: Waiting): Job => ({
  id: 'x',
  type: 'document_upload',
  status,
  progress: 0,
  message: '',
  version: 1,
  run: 1,
  fraction: 0,
  ...(waiting_for && { waiting_for }),
});
const queued = job('queued', { what: 'worker' });
const stats = (queue_depth: number, in_flight: number): Stats => ({
  queue_depth,
  in_flight,
  delayed: 0,
  parked: 0,
  active: queue_depth + in_flight,
  cleanups: 0,
  documents_incomplete: 0,
  orphan_generations: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
});
const causes = (jobs: Job[], of: Stats | undefined, oldestMs?: number) =>
  causesOf(countWaits(jobs), of, oldestMs).map(({ what }) => what);

describe('the queue stands still', () => {
  test.each(['processor', 'embedder', 'vector_store', 'keyword_index'] as const)('because of %s', (what) => {
    const jobs = [job('processing', { what }), queued];
    expect(causes(jobs, stats(1, 1), 60_000)).toEqual([what]);
    const [cause] = causesOf(countWaits(jobs), stats(1, 1), 60_000);
    expect(cause?.title).toMatch(/^1 job waits for the .*, which is away\.$/);
    expect(cause?.advice).toContain('1 more wait in the queue');
  });

  test('because no worker takes jobs, but not at once', () => {
    expect(causes([queued], stats(1, 0), 9000)).toEqual([]);
    expect(causes([queued], stats(1, 0), 11_000)).toEqual(['no_worker']);
    // A worker has taken another one.
    expect(causes([queued, job('processing')], stats(1, 1), 11_000)).toEqual([]);
    expect(causes([queued], undefined, undefined)).toEqual([]);
  });

  test('because all jobs wait for their next attempt', () => {
    const first = job('retrying', { what: 'retry', at: '2026-01-01T00:00:09Z' });
    const second = job('retrying', { what: 'retry', at: '2026-01-01T00:00:05Z' });
    expect(causes([first, second], stats(0, 0))).toEqual(['retry']);
    expect(countWaits([first, second]).nextAttempt).toBe('2026-01-01T00:00:05Z');
    expect(causes([first, queued], stats(1, 0), 0)).toEqual([]);
  });

  test('because of an earlier upload, or of a collection that is embedded again', () => {
    expect(causes([job('queued', { what: 'earlier_upload' })], stats(0, 0))).toEqual(['earlier_upload']);
    expect(causes([job('retrying', { what: 'collection' }), job('processing')], stats(0, 1))).toEqual([
      'collection',
    ]);
  });

  test('only if there are jobs', () => {
    expect(causes([], stats(0, 0))).toEqual([]);
  });
});
