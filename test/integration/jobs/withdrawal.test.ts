import { beforeEach, expect, test } from 'vitest';

import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import { JobState } from '../../../src/jobs/model/job-view.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { publishedJobs } from '../../helpers/responses/published-jobs.ts';
import { useRedis } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';

const keys = createKeys();

const redis = useRedis();
const jobs = new TestJobs(redis);
beforeEach(() => redis.client.flushall());

/** What may be left of a job that was withdrawn: nothing of it. */
/** Reads the tombstone, by which a sweep deletes the file of a refused upload if its api dies. */
const KEPT: string[] = [
  keys.offset,
  keys.changed,
  keys.epoch,
  keys.outcomes,
  keys.durations,
  keys.cleanup,
  keys.tombstones,
];
async function left(): Promise<string[]> {
  const all = await redis.client.keys('*');
  return all.filter((key) => !KEPT.includes(key) && !key.startsWith(keys.grant('')));
}

/** How far a worker may have come before the refusal is heard. */
const COME_TO: Record<string, ((job: ClaimedJob) => Promise<unknown>) | undefined> = {
  queued: undefined,
  processing: (job) => jobs.step(job, 40),
  retrying: (job) => jobs.queue.retry(job, 60_000, { error: 'x', errorCode: 'corrupt' }),
  completed: (job) => jobs.complete(job),
  failed: (job) => jobs.fail(job),
};

test.each(Object.entries(COME_TO))(
  'nothing is left of an upload that is refused when its job is %s',
  async (_status, come) => {
    const idempotency = { key: 'once', fingerprint: 'x' };
    const payload = { filename: 'a.txt', collection: 'papers', file_key: 'default/a' };
    await jobs.queue.enqueue('a', 'default', payload as never, idempotency);
    let held: ClaimedJob | undefined;
    if (come) {
      [held] = (await jobs.queue.claim(1)).jobs;
      await come(held!);
    }
    await jobs.queue.withdraw('a', 'default', 'papers', 'once');
    expect(await left()).toEqual([]);
    if (held) {
      expect(await redis.client.zrange(keys.cleanup, '0', '-1')).toEqual([
        JSON.stringify(['default', 'papers', 'a', held.token, 1]),
      ]);
      expect(await jobs.queue.renew([held])).toEqual(['a']);
    }
  },
);

test('those who watch a job hear that it was cancelled when its upload is refused', async () => {
  const heard: JobState[] = [];
  const subscriber = redis.client.duplicate();
  subscriber.on('message', (_channel, message: string) => {
    for (const { hash, epoch } of publishedJobs(message)) heard.push(new JobState(hash, epoch));
  });
  await subscriber.subscribe(keys.events('a'));
  await jobs.enqueue(['a']);
  await jobs.queue.withdraw('a', 'default', 'papers', undefined);
  await expect.poll(() => heard.at(-1)?.outcome).toBe('cancelled');
  expect(JSON.parse(heard.at(-1)!.json)).toMatchObject({ status: 'failed', message: 'Upload refused' });
  subscriber.disconnect();
});

test('a document that another job has made is not taken with it', async () => {
  await jobs.complete(await jobs.claim('a'));
  await redis.client.hset(keys.document('a'), 'generation', '9-other');
  await jobs.queue.withdraw('a', 'default', 'papers', undefined);
  expect((await left()).sort()).toEqual([
    keys.document('a'),
    keys.documents('default'),
    keys.documentsIn('default', 'papers'),
  ]);
});
