import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';

import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { useRedis } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';

const keys = createKeys();
let store: JobStore;

const redis = useRedis();
const jobs = new TestJobs(redis);

beforeEach(async () => {
  await redis.client.flushall();
  store = new JobStore(redis.client, keys);
});

test('what is read from a Redis that has gone back has an epoch of its own, before any feed has noticed', async () => {
  await jobs.enqueue(['a']);
  const { epoch } = (await store.read('default', 'a'))!;
  const dir = await redis.client.config('GET', 'dir');
  const copy = await mkdtemp(join(tmpdir(), 'sluice-copy-'));
  await cp(dir[1]!, copy, { recursive: true });
  await jobs.queue.cancel('a');
  expect(await store.read('default', 'a')).toMatchObject({ epoch, version: 2 });
  await redis.kill();
  await rm(dir[1]!, { recursive: true });
  await cp(copy, dir[1]!, { recursive: true });
  await rm(copy, { recursive: true });
  await redis.start();
  const read = (await store.read('default', 'a'))!;
  expect(read.version).toBe(1);
  expect(read.epoch).not.toBe(epoch);
  // For everybody else, too; and once.
  expect(await redis.client.get(keys.epoch)).toBe(read.epoch);
  expect(await new JobStore(redis.client, keys).read('default', 'a')).toMatchObject({
    epoch: read.epoch,
  });
});

test('so has what is read from one whose data were replaced under its connections', async () => {
  await jobs.enqueue(['a', 'b']);
  const { epoch } = (await store.read('default', 'a'))!;
  await redis.client.hset(keys.job('a'), { version: 0 });
  await redis.client.decr(keys.offset);
  const read = (await store.read('default', 'a'))!;
  expect(read.version).toBe(0);
  expect(read.epoch).not.toBe(epoch);
});

test('reading names no epoch while nothing was lost', async () => {
  await jobs.enqueue(['a']);
  const { epoch } = (await store.read('default', 'a'))!;
  await redis.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  redis.client.disconnect(true);
  await jobs.enqueue(['b']);
  expect((await store.readAll(['a', 'b', 'nobody'])).map((state) => state?.epoch)).toEqual([
    epoch,
    epoch,
    undefined,
  ]);
});
