import { expect, test } from 'vitest';

import { JobChanges } from '../../../src/http/job-changes.ts';
import type { JobFeed } from '../../../src/jobs/feed/job-feed.ts';
import { JobState } from '../../../src/jobs/model/job-view.ts';

const feed = { watch() {}, unwatch() {} } as unknown as JobFeed;
const state = (version: number, status: string, epoch = 'h') =>
  new JobState({ id: 'a', version: `${version}`, status }, epoch);

test('who follows a job gets the latest state, and the end of a run, though the next has begun', async () => {
  const changes = new JobChanges(feed, 'default', 'a', []);
  changes.offer(state(1, 'queued'));
  changes.onState(state(3, 'processing'));
  changes.onState(state(2, 'processing'));
  expect(await changes.after('h-1', 0)).toMatchObject({ version: 3 });
  changes.onState(state(4, 'failed'));
  changes.onState(state(5, 'queued'));
  changes.onState(state(1, 'queued', 'next'));
  expect(await changes.after('h-3', 0)).toMatchObject({ version: 4, epoch: 'h' });
  changes.end();
  expect(await changes.after('h-4', 0)).toBe('unchanged');
});
