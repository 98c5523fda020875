import type { Redis } from 'ioredis';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';

import { JOB_FIELDS } from '../../../../src/jobs/model/job-event.ts';
import { JobFeed } from '../../../../src/jobs/feed/job-feed.ts';
import type { JobPayload } from '../../../../src/jobs/model/job-payload.ts';
import { JobQueue } from '../../../../src/jobs/transitions/job-queue.ts';
import { JobStore } from '../../../../src/jobs/reads/job-store.ts';
import type { JobState } from '../../../../src/jobs/model/job-view.ts';
import { createKeys } from '../../../../src/redis/keys.ts';
import { quietLogger } from '../../../helpers/servers/roles.ts';
import { useRedis } from '../../../helpers/servers/use.ts';
import { TcpProxy } from '../../../helpers/faults/tcp-proxy.ts';

const keys = createKeys();
const payload = { filename: 'a', file_key: 'default/a' } as JobPayload;
const options = { leaseMs: 30_000, maxRetries: 3, maxStalls: 10, ttlSeconds: 100 };
const GENEROUS = { timeout: 60_000 };

/** Its answers come late: after what happens meanwhile. */
class SlowStore extends JobStore {
  meanwhile: () => Promise<unknown> = async () => {};

  /** How many it was asked for at a time. */
  readonly asked: number[] = [];

  override async readAll(ids: readonly string[]): Promise<(JobState | undefined)[]> {
    this.asked.push(ids.length);
    const states = await super.readAll(ids);
    await this.meanwhile();
    return states;
  }
}

let queue: JobQueue;
let store: SlowStore;
let feed: JobFeed;
let connections: Redis[];
/** Everything the feed has said, in its order. */
let said: string[];

const redis = useRedis();

beforeAll(() => {
  queue = new JobQueue(redis.client, keys, options);
});

const feedOver = (connect: () => Redis) =>
  new JobFeed(connect, redis.client, { store, keys, logger: quietLogger() });

beforeEach(async () => {
  await redis.client.flushall();
  store = new SlowStore(redis.client, keys);
  connections = [];
  said = [];
  const connect = () => {
    const connection = redis.client.duplicate();
    connections.push(connection);
    return connection;
  };
  feed = feedOver(connect);
  feed.observe({ onStale: () => said.push('stale'), onLive: () => said.push('live') });
  await expect.poll(() => feed.live).toBe(true);
  said = [];
});
afterEach(() => feed.close());

const watch = (id: string) =>
  feed.watch(id, {
    tenant: 'default',
    onState: ({ status, version }) => said.push(`${status} ${version}`),
    onForgotten: () => said.push('forgotten'),
  });
/** Changes a job as no script of ours does: nobody is told. */
const writeByHand = (id: string, status: string, version: number) =>
  redis.client.hset(keys.job(id), { status, version });

/** Waits for a canary. @param afterMs one that comes no sooner */
async function proven(afterMs = 0): Promise<void> {
  const from = performance.now() + afterMs;
  await expect.poll(() => performance.now() - feed.link.proofAgeMs, GENEROUS).toBeGreaterThan(from);
}

async function watchQueued(id: string): Promise<void> {
  watch(id);
  await queue.enqueue(id, 'default', payload);
  await expect.poll(() => said).toContain('queued 1');
  said = said.filter((line) => line !== 'stale' && line !== 'live');
  // A first job in an empty Redis may come with an epoch of its own.
  await expect.poll(() => feed.live).toBe(true);
}

test('what is pushed while everything is read again is held back, and never followed by an older state', async () => {
  await watchQueued('a');
  said = [];
  store.meanwhile = async () => {
    store.meanwhile = async () => {};
    await queue.cancel('a');
    await expect.poll(() => feed.counts.events).toBe(before + 1);
    expect(said).toEqual(['stale']);
  };
  const before = feed.counts.events;
  await redis.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await expect.poll(() => said, GENEROUS).toContain('failed 2');
  expect(said).toEqual(['stale', 'live', 'failed 2']);
});

test('a run that ends and is followed by the next, while everything is read again, is told of', async () => {
  await watchQueued('a');
  said = [];
  store.meanwhile = async () => {
    store.meanwhile = async () => {};
    await queue.cancel('a');
    await queue.rerun('a', 1);
    await expect.poll(() => feed.counts.events).toBe(before + 2);
  };
  const before = feed.counts.events;
  await redis.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await expect.poll(() => said, GENEROUS).toContain('queued 3');
  expect(said).toEqual(['stale', 'live', 'failed 2', 'queued 3']);
});

test('an event that was missed on a link that works is noticed by the next canary', async () => {
  await watchQueued('a');
  await writeByHand('a', 'failed', 2);
  await redis.client.incr(keys.offset);
  await expect.poll(() => said, GENEROUS).toContain('failed 2');
  expect(said).not.toContain('stale');
});

test('a Redis that counts fewer events than were heard has another epoch, and everything is told again', async () => {
  await watchQueued('a');
  await queue.cancel('a');
  await expect.poll(() => said).toContain('failed 2');
  const before = feed.epoch;
  said = [];
  await writeByHand('a', 'queued', 1);
  await redis.client.set(keys.offset, 1);
  await expect.poll(() => said, GENEROUS).toEqual(['stale', 'live', 'queued 1']);
  expect(feed.epoch).not.toBe(before);
  expect(await redis.client.get(keys.epoch)).toBe(feed.epoch);
});

test('an emptied Redis is another epoch, and its jobs are forgotten', async () => {
  await watchQueued('a');
  said = [];
  await redis.client.flushall();
  await expect.poll(() => said, GENEROUS).toEqual(['stale', 'live', 'forgotten']);
});

test('a restarted Redis is another epoch, though it lost nothing', async () => {
  await watchQueued('a');
  const before = feed.epoch;
  said = [];
  await redis.kill();
  await expect.poll(() => said).toEqual(['stale']);
  await redis.start();
  await expect.poll(() => said, GENEROUS).toEqual(['stale', 'live', 'queued 1']);
  expect(feed.epoch).not.toBe(before);
});

test('a subscription that has died behind an open connection is replaced, and nothing is lost', async () => {
  await watchQueued('a');
  said = [];
  const [wedged] = connections;
  // The connection stays and answers, but is subscribed to nothing: as a proxy in between may have it.
  wedged!.unsubscribe().catch(() => {});
  wedged!.punsubscribe().catch(() => {});
  await expect.poll(() => redis.client.call('PUBSUB', 'NUMPAT')).toBe(0);
  await queue.cancel('a');
  await expect.poll(() => said, GENEROUS).toEqual(['stale', 'live', 'failed 2']);
  expect(feed.link.misses).toBe(1);
  expect(connections).toHaveLength(2);
  // Whatever TCP makes of a dead connection, it does so much later: that says nothing of the one in its place.
  wedged!.emit('close');
  expect(feed.live).toBe(true);
});

test('however many jobs are active, they are read some at a time, so that a dashboard that joins holds nobody up', async () => {
  const ids = Array.from({ length: 450 }, (_, i) => `job-${i}`);
  await Promise.all(ids.map((id) => queue.enqueue(id, 'default', payload)));
  await expect.poll(() => feed.live).toBe(true);
  store.asked.length = 0;
  const read = (await feed.reads.channel('default', { recent: 0 }, undefined))!;
  expect(read.states.map(({ id }) => id).sort()).toEqual(ids.sort());
  expect(store.asked).toEqual([200, 200, 50]);
  store.asked.length = 0;
  expect((await feed.reads.byIds('default', ids, undefined))!.states.map(({ id }) => id)).toEqual(ids);
  expect(store.asked).toEqual([200, 200, 50]);
});

test('what no event tells is found when everything watched is compared', async () => {
  vi.useFakeTimers({ toFake: ['setInterval'] });
  const compared = feedOver(() => redis.client.duplicate());
  await queue.enqueue('a', 'default', payload);
  await expect.poll(() => compared.live).toBe(true);
  compared.watch('a', { tenant: 'default', onState: ({ status }) => said.push(status), onForgotten() {} });
  await writeByHand('a', 'failed', 2);
  vi.advanceTimersByTime(30_000);
  vi.useRealTimers();
  await expect.poll(() => said).toContain('failed');
  compared.close();
});

test('an end that is still on its way is told before what is read behind it', async () => {
  const proxy = await TcpProxy.start(0, redis.port);
  vi.useFakeTimers({ toFake: ['setInterval'] });
  const slow = feedOver(() => redis.client.duplicate({ port: proxy.port }));
  await queue.enqueue('a', 'default', payload);
  await expect.poll(() => slow.live).toBe(true);
  slow.watch('a', { tenant: 'default', onState: ({ status }) => said.push(status), onForgotten() {} });
  proxy.latencyMs = 300;
  await queue.cancel('a');
  await queue.rerun('a', 1);
  vi.advanceTimersByTime(30_000);
  vi.useRealTimers();
  await expect.poll(() => said, GENEROUS).toContain('queued');
  expect(said[0]).toBe('failed');
  slow.close();
  await proxy.close();
});

test('what is read is never ahead of what those who watch have been told; without a link it is not waited for', async () => {
  const proxy = await TcpProxy.start(0, redis.port);
  const behind: Redis[] = [];
  const connect = () => {
    const connection = redis.client.duplicate({ port: proxy.port });
    behind.push(connection);
    return connection;
  };
  const slow = feedOver(connect);
  await queue.enqueue('a', 'default', payload);
  await expect.poll(() => slow.live).toBe(true);
  slow.watch('a', { tenant: 'default', onState: ({ status }) => said.push(status), onForgotten() {} });
  proxy.latencyMs = 300;
  await queue.cancel('a');
  await queue.rerun('a', 1);
  expect(await slow.reads.byIds('default', ['a'], undefined)).toMatchObject({
    states: [{ status: 'queued' }],
  });
  expect(said).toEqual(['failed', 'queued']);
  proxy.latencyMs = 60_000;
  const reading = slow.reads.byIds('default', ['a'], undefined);
  await expect.poll(() => store.asked.length).toBe(2);
  behind[0]!.disconnect();
  expect(await reading).toBeUndefined();
  slow.close();
  await proxy.close();
});

test('an event that was missed while everything is read again is noticed, too', async () => {
  await watchQueued('a');
  said = [];
  store.meanwhile = async () => {
    store.meanwhile = async () => {};
    await writeByHand('a', 'failed', 2);
    await redis.client.incr(keys.offset);
    // Long enough for a canary to come by, of which no event tells.
    await new Promise((resolve) => setTimeout(resolve, 1500));
  };
  await redis.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await expect.poll(() => said, GENEROUS).toContain('failed 2');
});

test('what other programs publish to a canary proves nothing, and harms nobody', async () => {
  await watchQueued('a');
  const channels = (await redis.client.call('PUBSUB', 'CHANNELS', `${keys.canary('')}*`)) as string[];
  said = [];
  for (const channel of channels)
    for (const garbage of [
      '',
      '{',
      '[]',
      '["x"]',
      '["x",1]',
      '[null,1,"9"]',
      '["x",1,"soon"]',
      '["x",1,"999"]',
    ])
      await redis.client.publish(channel, garbage);
  await queue.cancel('a');
  await expect.poll(() => said).toEqual(['failed 2']);
});

test('an event that other programs publish in the place of the next one keeps nobody from being told of that', async () => {
  await watchQueued('a');
  await queue.enqueue('b', 'default', payload);
  const offset = Number(await redis.client.get(keys.offset));
  const values = JSON.stringify(JOB_FIELDS.map((field) => (field === 'version' ? '2' : false)));
  said = [];
  const { rereads } = feed.counts;
  // No canary may come in between.
  const both = redis.client.publish(
    keys.events('b'),
    `["${feed.epoch}",${offset + 1},1795000000123,${values}]`,
  );
  await Promise.all([both, queue.cancel('a')]);
  await expect.poll(() => said).toEqual(['failed 2']);
  expect(feed.counts.rereads).toBe(rereads + 1);
});

test('an event that other programs publish, of an invented epoch or number, is believed by nobody', async () => {
  await watchQueued('a');
  await proven();
  const { epoch } = feed;
  said = [];
  const values = JSON.stringify(JOB_FIELDS.map((field) => (field === 'version' ? '99' : false)));
  for (const position of ['"x",1', '"x",2', `"${epoch}",0`, `"${epoch}",1`, `"${epoch}",999999999`])
    await redis.client.publish(keys.events('a'), `[${position},1795000000123,${values}]`);
  const { rereads } = feed.counts;
  // By the next regular canary whatever was made of them would have been said.
  await proven(500);
  await queue.cancel('a');
  await expect.poll(() => said).toEqual(['failed 2']);
  expect([feed.epoch, await redis.client.get(keys.epoch), feed.counts.rereads]).toEqual([
    epoch,
    epoch,
    rereads,
  ]);
});

test('watchers hear of each job of one message, and the next message follows it', async () => {
  for (const id of ['a', 'b', 'c']) await watchQueued(id);
  await proven();
  const { rereads, events } = feed.counts;
  said = [];
  expect((await queue.claim(3)).jobs).toHaveLength(3);
  await queue.cancel('b');
  await expect.poll(() => said).toEqual(['processing 2', 'processing 2', 'processing 2', 'failed 3']);
  await proven();
  expect(feed.counts).toEqual({ rereads, events: events + 4 });
});

test('watchers hear what a claim changed before it failed, though no message carried it', async () => {
  await watchQueued('a');
  // A job of another program is entered among the recent ones, which another key has replaced.
  await redis.client.hset(keys.job('hand'), { status: 'queued', payload: '{}' });
  await redis.client.lpush(keys.queue, 'hand');
  await redis.client.set(keys.recent, 'spoilt');
  await expect(queue.claim(2)).rejects.toThrow('WRONGTYPE');
  await expect.poll(() => said, GENEROUS).toContain('processing 2');
});
