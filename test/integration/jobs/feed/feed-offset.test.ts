import { expect, test } from 'vitest';

import { JobFeed } from '../../../../src/jobs/feed/job-feed.ts';
import type { JobState } from '../../../../src/jobs/model/job-view.ts';
import { JobStore } from '../../../../src/jobs/reads/job-store.ts';
import { createKeys } from '../../../../src/redis/keys.ts';
import { quietLogger } from '../../../helpers/servers/roles.ts';
import { useRedis } from '../../../helpers/servers/use.ts';
import { TestJobs } from '../../../helpers/stores/test-jobs.ts';

const GENEROUS = { timeout: 30_000 };
const keys = createKeys();
const redis = useRedis();
const jobs = new TestJobs(redis);

/** Does something after it has read, before it says what. */
class SlowStore extends JobStore {
  meanwhile: (() => Promise<void>) | undefined;

  override async readAll(ids: readonly string[]): Promise<(JobState | undefined)[]> {
    const states = await super.readAll(ids);
    const { meanwhile } = this;
    this.meanwhile = undefined;
    await meanwhile?.();
    return states;
  }
}

test('until missed events have been made up for, the offset stays before them', async () => {
  await jobs.enqueue(['a']);
  const store = new SlowStore(redis.client, keys);
  const feed = new JobFeed(() => redis.client.duplicate(), redis.client, {
    store,
    keys,
    logger: quietLogger(),
  });
  const told: string[] = [];
  feed.watch('a', {
    tenant: 'default',
    onState: ({ status, offset }) => told.push(`${status}@${offset}`),
    onForgotten() {},
  });
  await expect.poll(() => feed.offset, GENEROUS).toBe(1);
  const offsets: number[] = [];
  store.meanwhile = async () => {
    const heard = feed.counts.events;
    await jobs.enqueue(['b']);
    await expect.poll(() => feed.counts.events, GENEROUS).toBe(heard + 1);
    offsets.push(feed.offset);
  };
  // A change whose event no node hears.
  await redis.client.hset(keys.job('a'), { status: 'processing', version: 2 });
  await redis.client.incr(keys.offset);
  await expect.poll(() => told.at(-1), GENEROUS).toBe('processing@1');
  expect(offsets).toEqual([1]);
  expect(feed.offset).toBe(3);
  feed.close();
});
