import { afterEach, expect, test } from 'vitest';

import type { ClientMessage } from '../../../src/contract/messages.ts';
import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { use, useRedis } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';
import { Watcher } from '../../helpers/clients/watcher.ts';
import { TestClient } from '../../helpers/clients/ws.ts';

const GENEROUS = { timeout: 60_000 };
const SESSIONS = 400;
let watchers: { end(): void }[] = [];

const redis = useRedis();
const doomed = use(() => GatewayNode.start(redis.url));
const other = use(() => GatewayNode.start(redis.url));
const jobs = new TestJobs(redis);

afterEach(() => {
  for (const watcher of watchers) watcher.end();
  watchers = [];
});

/** Connects to a node, and subscribes. @returns the client when it has its whole snapshot */
async function subscribe(message: object, { url } = other) {
  const client = new TestClient(`${url}/ws`);
  watchers.push({ end: () => client.socket.terminate() });
  await client.opened;
  client.send({ type: 'subscribe', id: 1, ...message } as ClientMessage);
  await expect.poll(() => client.of('snapshot').at(-1)?.more, GENEROUS).toBe(false);
  return client;
}
const position = (client: TestClient) => ({
  epoch: client.of('welcome')[0]!.epoch,
  offset: client.messages.findLast((message) => 'offset' in message)!.offset,
});
const snapshotOf = (client: TestClient) => ({
  resumed: client.of('snapshot').at(-1)!.resumed,
  jobs: client
    .of('snapshot')
    .flatMap((page) => page.jobs.map(({ id, status }) => `${id} ${status}`))
    .sort(),
});
const goneFrom = (client: TestClient) =>
  client
    .of('gone')
    .flatMap((gone) => gone.jobs)
    .sort();

test('a snapshot has only what has changed since, on any node', async () => {
  const [changed, same] = await jobs.claimAll(['changed', 'same']);
  const ids = ['changed', 'same'];
  const first = await subscribe({ channel: 'jobs', jobs: ids }, doomed);
  expect(snapshotOf(first)).toEqual({ resumed: false, jobs: ['changed processing', 'same processing'] });
  const since = position(first);
  await jobs.step(changed!, 62);
  const resumed = await subscribe({ channel: 'jobs', jobs: ids, since });
  const dashboard = await subscribe({ channel: 'active', since });
  for (const client of [resumed, dashboard])
    expect(snapshotOf(client)).toEqual({ resumed: true, jobs: ['changed processing'] });
  // What was not sent again goes on all the same.
  await jobs.complete(same!);
  for (const client of [resumed, dashboard])
    await expect.poll(() => client.states('same').map(({ status }) => status)).toEqual(['completed']);
  await jobs.complete(changed!);
});

test('a position of another epoch, before the floor, or after the set is lost gets a full snapshot', async () => {
  const [watched] = await jobs.claimAll(['watched']);
  const first = await subscribe({ channel: 'active' });
  const { epoch, offset } = position(first);
  const isResumed = async (since: object) => {
    const resumed = [];
    for (const what of [{ channel: 'active' }, { channel: 'jobs', jobs: ['watched'] }]) {
      const snapshot = snapshotOf(await subscribe({ ...what, since }));
      expect(snapshot.jobs).toEqual(snapshot.resumed ? [] : ['watched processing']);
      resumed.push(snapshot.resumed);
    }
    return resumed;
  };
  expect(await isResumed({ epoch, offset })).toEqual([true, true]);
  expect(await isResumed({ epoch: 'another', offset })).toEqual([false, false]);
  await redis.client.zadd('jobs:changed', offset, '');
  expect(await isResumed({ epoch, offset })).toEqual([true, true]);
  expect(await isResumed({ epoch, offset: offset - 1 })).toEqual([false, false]);
  await redis.client.del('jobs:changed');
  expect(await isResumed({ epoch, offset })).toEqual([false, false]);
  // Events alone do not make up for what the set has lost.
  await jobs.step(watched!, 62);
  expect(await isResumed({ epoch, offset })).toEqual([false, false]);
  await redis.client.set('jobs:changed', 'of another program');
  await jobs.step(watched!, 63);
  expect(await isResumed({ epoch, offset })).toEqual([false, false]);
  await jobs.queue.repair('0');
  const again = await subscribe({ channel: 'active' });
  expect(await isResumed(position(again))).toEqual([true, true]);
  await jobs.complete(watched!);
});

test('a dashboard that comes back is told of the ends that it missed', async () => {
  const [ended] = await jobs.claimAll(['ended', 'going']);
  const first = await subscribe({ channel: 'active' });
  const since = position(first);
  first.socket.terminate();
  await jobs.complete(ended!);
  const again = await subscribe({ id: 5, channel: 'active', since });
  await expect.poll(() => goneFrom(again)).toEqual(['ended']);
  expect(snapshotOf(again)).toEqual({ resumed: true, jobs: ['ended completed'] });
  const types = again.messages.map(({ type }) => type);
  expect(types.indexOf('snapshot')).toBeLessThan(types.indexOf('gone'));
  // Until it is told that the job has left, its position is the one that it came with.
  expect(again.of('snapshot')[0]!.offset).toBe(since.offset);
  expect(again.of('gone')[0]!.offset).toBeGreaterThan(since.offset);
});

test('a changed job that Redis has forgotten makes a dashboard forget what it lacks', async () => {
  const [lost] = await jobs.claimAll(['lost']);
  const since = position(await subscribe({ channel: 'active' }));
  await jobs.step(lost!, 62);
  await redis.client.multi().del('job:lost').srem('jobs:active', 'lost').exec();
  const again = await subscribe({ channel: 'active', since });
  expect(snapshotOf(again).resumed).toBe(false);
  expect(snapshotOf(again).jobs).not.toContain('lost processing');
});

test('10,000 active jobs resume in one small message', async () => {
  const ids = Array.from({ length: 10_000 }, (_, i) => `active-${i}`);
  // As other programs write them, because 10,000 uploads take long.
  const pipeline = redis.client.pipeline().sadd('jobs:active', ...ids);
  for (const id of ids) pipeline.hset(`job:${id}`, { id, status: 'queued', version: '1' });
  await pipeline.exec();
  await jobs.queue.cancel('active-1');
  const first = await subscribe({ channel: 'active' });
  expect(snapshotOf(first).jobs.length).toBeGreaterThanOrEqual(9999);
  const since = position(first);
  await jobs.queue.cancel('active-77');
  const again = await subscribe({ channel: 'active', since });
  expect(snapshotOf(again)).toEqual({ resumed: true, jobs: ['active-77 failed'] });
  await expect.poll(() => goneFrom(again)).toEqual(['active-77']);
  expect(JSON.stringify(again.messages).length).toBeLessThan(5000);
  await redis.client.del('jobs:active', 'queue:document_upload');
});

test('a node is killed under hundreds of sessions: all resume on the other, and none misses an end', async () => {
  await redis.client.del('jobs:active', 'queue:document_upload');
  const ids = Array.from({ length: 60 }, (_, i) => `many-${i}`);
  const claimed = await jobs.claimAll(ids);
  const urls = [doomed.url, other.url];
  const crowd = Array.from({ length: SESSIONS }, (_, i) =>
    i % 20 === 0
      ? new Watcher(urls, { channel: 'active' })
      : new Watcher(urls, { jobs: [0, 7, 31].map((step) => ids[(i + step) % ids.length] as string) }),
  );
  watchers = crowd;
  await expect.poll(() => crowd.every(({ snapshots }) => snapshots === 1), GENEROUS).toBe(true);
  await Promise.all(claimed.slice(0, 20).map((job) => jobs.complete(job)));
  doomed.signal('SIGKILL');
  await Promise.all(claimed.slice(20, 40).map((job) => jobs.complete(job)));
  await expect.poll(() => crowd.every(({ snapshots }) => snapshots === 2), GENEROUS).toBe(true);
  expect(crowd.every(({ resumed }) => resumed === 1)).toBe(true);
  await Promise.all(claimed.slice(40).map((job) => jobs.complete(job)));
  await expect
    .poll(() => crowd.filter((watcher, i) => watcher.ends.size !== (i % 20 === 0 ? 60 : 3)).length, GENEROUS)
    .toBe(0);
  for (const watcher of crowd) {
    expect(watcher.faults).toEqual([]);
    expect([...watcher.ends.values()].every((times) => times === 1)).toBe(true);
  }
  // Who was lost between an end and its `gone` is told that once more.
  for (const dashboard of crowd.filter((_, i) => i % 20 === 0))
    await expect.poll(() => [...new Set(dashboard.gone)].sort()).toEqual(ids.toSorted());
  for (const watcher of crowd) watcher.end();
  await other.emptied();
});
