import { expect, test } from 'vitest';

import { JobOrder } from '../../../client/operations/job-order.ts';
import type { Job } from '../../../src/contract/job.ts';

const job = (id: string, second: number, version = 1): Job => ({
  id,
  type: 'document_upload',
  status: 'queued',
  progress: 0,
  message: '',
  version,
  run: 1,
  fraction: 0,
  created_at: `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`,
});
const mapOf = (...jobs: Job[]) => new Map(jobs.map((one) => [one.id, one]));
const ids = (jobs: Job[]) => jobs.map(({ id }) => id).join('');

test('jobs are listed by their creation, with their latest state, while they come and go', () => {
  const order = new JobOrder();
  expect(ids(order.list(mapOf(job('c', 3), job('a', 1), job('b', 2))))).toBe('abc');
  const changed = order.list(mapOf(job('c', 3), job('a', 1, 2), job('b', 2)));
  expect(ids(changed)).toBe('abc');
  expect(changed[0]?.version).toBe(2);
  // One goes, and another comes at once.
  expect(ids(order.list(mapOf(job('c', 3), job('a', 1), job('d', 0))))).toBe('dac');
  expect(ids(order.list(mapOf()))).toBe('');
  expect(ids(order.list(mapOf(job('b', 2), job('a', 1))))).toBe('ab');
});

test('jobs of one second keep their order', () => {
  const order = new JobOrder();
  expect(ids(order.list(mapOf(job('z', 1), job('a', 1))))).toBe('za');
  expect(ids(order.list(mapOf(job('z', 1), job('a', 1), job('m', 1))))).toBe('zam');
});
