import { expect, test } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import type { Poll } from '../../../client/sdk/watch/channel.ts';
import { Hub } from '../../../client/sdk/watch/hub.ts';
import { JobsFollower } from '../../../client/sdk/watch/jobs-follower.ts';

let version = 0;
const job = (id: string, status: Job['status'], second = 0) =>
  ({
    id,
    status,
    version: ++version,
    collection: 'papers',
    ...(second > 0 && { completed_at: `2026-01-01T00:00:${String(second).padStart(2, '0')}Z` }),
  }) as Job;

/** Reads a channel as the poller does, from a list of jobs, the newest first. @returns the paths */
function read(channel: JobsFollower, jobs: readonly Job[]): string[] {
  const paths: string[] = [];
  for (let poll: Poll | undefined = channel.poll(); poll !== undefined;) {
    paths.push(poll.path);
    const query = new URL(poll.path, 'http://server/').searchParams;
    const wanted = query.get('status')?.split(',') ?? [];
    const from = Number(query.get('cursor') ?? 0);
    const until = from + Number(query.get('limit'));
    const matching = jobs.filter(({ status }) => wanted.includes(status));
    const next = until < matching.length && { next_cursor: String(until) };
    poll = poll.take({ jobs: matching.slice(from, until), ...next }, 'epoch');
  }
  return paths;
}

const ids = ({ jobs }: JobsFollower) => [...jobs.keys()].toSorted();

test('a filter that is read has the jobs that it would have by push: active ones, and the latest ended ones', async () => {
  const jobs = [
    job('ended-3', 'failed', 3),
    job('ended-2', 'completed', 2),
    job('ended-1', 'completed', 1),
    ...Array.from({ length: 300 }, (_, i) => job(`active-${i}`, 'queued')),
  ];
  const active = new JobsFollower(new Hub(() => {}), { collection: 'papers' });
  read(active, jobs);
  expect(active.jobs.size).toBe(300);
  const recent = new JobsFollower(new Hub(() => {}), { collection: 'papers', recent: 2 });
  read(recent, jobs);
  expect(recent.jobs.size).toBe(302);
  expect(recent.jobs.has('ended-1')).toBe(false);
  const failed = new JobsFollower(new Hub(() => {}), { status: ['failed'], recent: 2 });
  expect(read(failed, jobs)).toHaveLength(1);
  expect(ids(failed)).toEqual(['ended-3']);
  const none = new JobsFollower(new Hub(() => {}), { status: ['failed'] });
  read(none, jobs);
  expect(none.jobs.size).toBe(0);
  await none.ready;
});

test('an ended job that another watch brings enters a filter only among its latest ends', () => {
  const hub = new Hub(() => {});
  const active = new JobsFollower(hub, { collection: 'papers' });
  const recent = new JobsFollower(hub, { collection: 'papers', recent: 1 });
  hub.apply([job('late', 'completed', 9)], 'epoch');
  hub.apply([job('early', 'completed', 1)], 'epoch');
  expect(ids(active)).toEqual([]);
  expect(ids(recent)).toEqual(['late']);
  // An end of a job that was shown comes before the server lets it go.
  hub.apply([job('shown', 'processing')], 'epoch');
  hub.apply([job('shown', 'completed', 10)], 'epoch');
  expect(active.jobs.get('shown')?.status).toBe('completed');
  active.onGone(['shown']);
  expect(ids(active)).toEqual([]);
  expect(ids(recent)).toEqual(['late', 'shown']);
});
