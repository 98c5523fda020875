import { afterAll, beforeAll, expect, test } from 'vitest';

import type { JobPayload } from '../../src/jobs/job-payload.ts';
import { JobFeed } from '../../src/jobs/job-feed.ts';
import { JobQueue } from '../../src/jobs/job-queue.ts';
import { JobStore } from '../../src/jobs/job-store.ts';
import type { JobState } from '../../src/jobs/to-job.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { quietLogger } from '../helpers/roles.ts';

const keys = createKeys();
let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.close());

/** Its answers come late: after what happens meanwhile. */
class SlowStore extends JobStore {
  meanwhile: () => Promise<unknown> = async () => {};

  override async readAll(ids: readonly string[]): Promise<(JobState | undefined)[]> {
    const states = await super.readAll(ids);
    await this.meanwhile();
    return states;
  }
}

test('a state that was pushed while everything is read again is not followed by an older one', async () => {
  const queue = new JobQueue(redis.client, keys, {
    leaseMs: 30_000,
    maxRetries: 3,
    maxStalls: 10,
    ttlSeconds: 100,
  });
  const store = new SlowStore(redis.client, keys);
  const feed = new JobFeed(redis.client.duplicate(), store, keys, quietLogger());
  await feed.start();
  const heard: [string, number][] = [];
  feed.watch('a', ({ status, version }) => heard.push([status, version]));
  await queue.enqueue('a', 'default', { filename: 'a', file_key: 'default/a' } as JobPayload);
  await expect.poll(() => heard.length).toBe(1);

  let readAgain = false;
  store.meanwhile = async () => {
    await queue.cancel('a');
    await expect.poll(() => heard.at(-1)?.[0]).toBe('cancelled');
    readAgain = true;
  };
  await redis.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await expect.poll(() => readAgain, { timeout: 5000 }).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(heard).toEqual([
    ['queued', 1],
    ['cancelled', 2],
  ]);
  feed.close();
});
