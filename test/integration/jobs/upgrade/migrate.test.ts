import type { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { JobFeed } from '../../../../src/jobs/feed/job-feed.ts';
import { JobStore } from '../../../../src/jobs/reads/job-store.ts';
import { JobQueue } from '../../../../src/jobs/transitions/job-queue.ts';
import { quietLogger } from '../../../helpers/servers/roles.ts';
import { useRedis } from '../../../helpers/servers/use.ts';
import { keys, options } from '../../../helpers/stores/queue.ts';

const EPOCH = '6b0ca4caca4b1';
const COUNT = 41;
const TOKEN = '5-2jRZGw9tv5au';
const OLDER = ['jobs:sequence', 'jobs:history'];

const redis = useRedis();
let clients: Redis[] = [];

beforeEach(() => redis.client.flushall());
afterEach(() => {
  for (const client of clients) client.disconnect();
  clients = [];
});

/** Opens a connection that has run no script, as a node does when it starts. */
function start(): { client: Redis; queue: JobQueue; store: JobStore } {
  const client = redis.client.duplicate();
  clients.push(client);
  return { client, queue: new JobQueue(client, keys, options), store: new JobStore(client, keys) };
}

/** Writes what the version before `sluice.v2` left: a job that a worker held when it stopped, and one that waits. */
async function writeOlderData(): Promise<void> {
  const { client } = redis;
  const [, runId = ''] = /run_id:(\w+)/.exec(await client.info('server')) ?? [];
  const common = {
    type: 'document_upload',
    run: '1',
    max_retries: '3',
    tenant: 'default',
    filename: 'a.pdf',
    collection: 'papers',
    payload: '{"filename":"a.pdf","collection":"papers","file_key":"default/a"}',
    created_at: '2026-11-29T22:18:50Z',
    updated_at: '2026-11-29T22:18:50Z',
    queued_ms: '1795990730836',
  };
  await client
    .multi()
    .hset('job:held', {
      ...common,
      id: 'held',
      status: 'processing',
      progress: '10',
      fraction: '0.1',
      stage: 'parse',
      version: '9',
      message: 'Parsing document...',
      epoch: '5',
      token: TOKEN,
      attempt: '5',
      started_ms: '1795990730837',
      started_at: '2026-11-29T22:18:50Z',
    })
    .hset('job:waits', {
      ...common,
      id: 'waits',
      status: 'queued',
      progress: '0',
      fraction: '0',
      version: '1',
      message: 'Waiting for worker...',
    })
    .sadd('jobs:active', 'held', 'waits')
    .zadd('jobs:leases', Date.now() + 60_000, 'held')
    .zadd('jobs:recent', 1795990730836, 'held', 1795990730836, 'waits')
    .lpush('queue:document_upload', 'waits')
    .set('jobs:sequence', COUNT)
    .set('jobs:history', EPOCH)
    .set('jobs:server', runId)
    .exec();
}

const names = async () => ({
  older: await redis.client.exists(...OLDER),
  offset: await redis.client.get('jobs:offset'),
  epoch: await redis.client.get('jobs:epoch'),
  held: await redis.client.hmget('job:held', 'epoch', 'fence'),
});
const MIGRATED = { older: 0, offset: `${COUNT}`, epoch: EPOCH, held: [null, '5'] };

test('the first claim of a newer worker finds the data of an older version under the present names', async () => {
  await writeOlderData();
  const { queue } = start();
  const { jobs } = await queue.claim(5);
  expect(jobs.map(({ id, token }) => [id, token.split('-')[0]])).toEqual([['waits', '1']]);
  expect(await names()).toEqual({ ...MIGRATED, offset: `${COUNT + 1}` });
  // The fence goes on from the older one.
  expect(await queue.release({ id: 'held', token: TOKEN })).toBe(true);
  const again = await queue.claim(5);
  expect(again.jobs.map(({ id, token }) => [id, token.split('-')[0]])).toEqual([['held', '6']]);
  expect(await redis.client.hmget('job:held', 'epoch', 'fence')).toEqual([null, '6']);
});

test('versions go on in the same epoch, and a read alone migrates', async () => {
  await writeOlderData();
  const { store } = start();
  expect(await store.read('default', 'held')).toMatchObject({ epoch: EPOCH, version: 9 });
  expect(await names()).toEqual(MIGRATED);
});

test('a feed is live in the older epoch', async () => {
  await writeOlderData();
  const { client, store } = start();
  const connect = () => redis.client.duplicate();
  const feed = new JobFeed(connect, client, { store, keys, logger: quietLogger() });
  await expect.poll(() => [feed.live, feed.epoch, feed.offset]).toEqual([true, EPOCH, COUNT]);
  feed.close();
});

test.each<[string, (client: Redis) => Promise<unknown>]>([
  ['the first field', (client) => client.hset('job:held', 'fence', '5')],
  ['the fields', (client) => client.multi().hset('job:held', 'fence', '5').hdel('job:held', 'epoch').exec()],
  ['the offset', (client) => client.set('jobs:offset', COUNT)],
  ['the key of the offset', (client) => client.rename('jobs:sequence', 'jobs:offset')],
])('a migration that ended after %s is taken up', async (_, change) => {
  await writeOlderData();
  await change(redis.client);
  await start().store.epochs.open();
  expect(await names()).toEqual(MIGRATED);
});

test('a migration that comes again changes nothing', async () => {
  await writeOlderData();
  await Promise.all([start(), start()].map(({ store }) => store.epochs.open()));
  await start().store.epochs.open();
  expect(await names()).toEqual(MIGRATED);
});

test('the larger offset stays where nodes of both versions wrote, and another epoch begins', async () => {
  for (const [older, present] of [
    [41, 7],
    [7, 41],
  ] as const) {
    await writeOlderData();
    await redis.client.mset({ 'jobs:sequence': older, 'jobs:offset': present, 'jobs:epoch': 'present' });
    const { epoch, offset } = await start().store.epochs.open();
    expect([EPOCH, 'present']).not.toContain(epoch);
    expect(offset).toBe(41);
    expect(await names()).toEqual({ ...MIGRATED, epoch });
  }
});

test('what other programs have put in the place of older data does not stop a node', async () => {
  await writeOlderData();
  await redis.client.del(...OLDER, 'jobs:active', 'job:waits', 'queue:document_upload');
  await redis.client.lpush('jobs:sequence', 'x');
  await redis.client.lpush('jobs:history', 'x');
  await redis.client.sadd('jobs:active', 'held', 'waits', 'nobody');
  await redis.client.set('job:waits', 'x');
  const { queue, store } = start();
  await queue.enqueue('new', 'default', { filename: 'a', collection: 'b', file_key: 'default/c' } as never);
  expect((await queue.claim(5)).jobs.map(({ id }) => id)).toEqual(['new']);
  expect(await names()).toMatchObject({ older: 0, offset: '2', held: [null, '5'] });
  expect(await store.read('default', 'held')).toMatchObject({ version: 9 });
  for (const wrong of ['-5', 'x', '1e999', '99999999999999999999']) {
    await redis.client.set('jobs:sequence', wrong);
    await start().store.epochs.open();
    expect(await names()).toMatchObject({ older: 0, offset: '2' });
  }
});

test('an older copy that a connection meets after a reconnect is migrated before its next script', async () => {
  const { client, store, queue } = start();
  await store.epochs.open();
  await redis.client.flushall();
  await writeOlderData();
  const { stream } = client;
  await redis.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await expect.poll(() => client.status === 'ready' && client.stream !== stream).toBe(true);
  expect((await queue.claim(5)).jobs.map(({ id }) => id)).toEqual(['waits']);
  expect(await names()).toEqual({ ...MIGRATED, offset: `${COUNT + 1}` });
});
