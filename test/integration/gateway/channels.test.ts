import { afterEach, expect, test } from 'vitest';

import { readStatistics } from '../../../src/jobs/reads/job-statistics.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { use, useRedis } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';
import { TestClient } from '../../helpers/clients/ws.ts';

const GENEROUS = { timeout: 30_000 };
let clients: TestClient[] = [];

const redis = useRedis();
const node = use(() => GatewayNode.start(redis.url));
const jobs = new TestJobs(redis);

afterEach(() => {
  for (const client of clients.splice(0)) client.socket.terminate();
});

async function open(): Promise<TestClient> {
  const client = new TestClient(`${node.url}/ws`);
  clients.push(client);
  await client.opened;
  return client;
}
async function subscribe(message: object): Promise<TestClient> {
  const client = await open();
  client.send({ type: 'subscribe', id: 1, channel: 'jobs', ...message });
  await expect.poll(() => client.of('snapshot').at(-1)?.more, GENEROUS).toBe(false);
  return client;
}
const shown = (client: TestClient) =>
  client.of('snapshot').flatMap((page) => page.jobs.map(({ id, status }) => `${id} ${status}`));
const statesOf = (client: TestClient, id: string) => client.states(id).map(({ status }) => status);
const goneFrom = (client: TestClient) => client.of('gone').flatMap((gone) => gone.jobs);
const position = (client: TestClient) => ({
  epoch: client.of('welcome')[0]!.epoch,
  offset: client.messages.findLast((message) => 'offset' in message)!.offset,
});

test('a filter shows the active jobs that match, and lets those go that no longer do', async () => {
  const [mine] = await jobs.claimAll(['mine']);
  await jobs.enqueue(['waits']);
  await redis.client.hset('job:foreign', { tenant: 'other', status: 'processing', collection: 'papers' });
  await redis.client.sadd('jobs:active', 'foreign');
  const running = await subscribe({ status: ['processing'], collection: 'papers' });
  expect(shown(running)).toEqual(['mine processing']);
  expect(shown(await subscribe({ collection: 'others' }))).toEqual([]);
  const all = await subscribe({ collection: 'papers' });
  expect(shown(all).sort()).toEqual(['mine processing', 'waits queued']);
  const [waits] = (await jobs.queue.claim(1)).jobs;
  await expect.poll(() => statesOf(running, 'waits'), GENEROUS).toEqual(['processing']);
  await jobs.complete(mine!);
  await jobs.complete(waits!);
  await expect.poll(() => goneFrom(running), GENEROUS).toEqual(['mine', 'waits']);
  expect(statesOf(running, 'mine')).toEqual(['processing', 'completed']);
  expect(running.messages.filter((message) => JSON.stringify(message).includes('foreign'))).toEqual([]);
});

test('a filter keeps its latest ends, and no more of them', async () => {
  const claimed = await jobs.claimAll(['end-1', 'end-2', 'end-3', 'end-4', 'end-5']);
  for (const job of claimed.slice(0, 2)) await jobs.fail(job);
  const failed = await subscribe({ status: ['failed'], recent: 3 });
  expect(shown(failed)).toEqual(['end-1 failed', 'end-2 failed']);
  for (const job of claimed.slice(2, 4)) await jobs.fail(job);
  await expect.poll(() => goneFrom(failed), GENEROUS).toEqual(['end-1']);
  const since = position(failed);
  // Who comes back is told which of its jobs are no longer among the latest, though these have not changed.
  await jobs.fail(claimed[4]!);
  const again = await subscribe({ status: ['failed'], recent: 3, since });
  expect(again.of('snapshot')[0]!.resumed).toBe(true);
  expect(shown(again)).toEqual(['end-5 failed']);
  await expect.poll(() => goneFrom(again), GENEROUS).toContain('end-2');
  expect(goneFrom(again)).not.toContain('end-3');
  expect(shown(await subscribe({ status: ['failed'], recent: 2 }))).toEqual(['end-4 failed', 'end-5 failed']);
  // A job that runs again leaves, and comes back with its end.
  await jobs.queue.rerun('end-4', 1);
  await expect.poll(() => goneFrom(again), GENEROUS).toContain('end-4');
  const [rerun] = (await jobs.queue.claim(1)).jobs;
  await jobs.fail(rerun!);
  await expect.poll(() => statesOf(again, 'end-4').at(-1), GENEROUS).toBe('failed');
});

test('a filter that comes back is told of jobs that no longer match', async () => {
  const [claimed] = await jobs.claimAll(['left']);
  const first = await subscribe({ status: ['processing'] });
  const since = position(first);
  await jobs.complete(claimed!);
  const again = await subscribe({ status: ['processing'], since });
  expect(shown(again)).toEqual(['left completed']);
  await expect.poll(() => goneFrom(again), GENEROUS).toEqual(['left']);
});

test('statistics come at once and after changes, from one read for all who watch', async () => {
  const watching = await Promise.all([open(), open(), open()]);
  for (const client of watching) client.send({ type: 'subscribe', id: 7, channel: 'stats' });
  for (const client of watching)
    await expect.poll(() => client.of('stats').length, GENEROUS).toBeGreaterThan(0);
  const before = watching[0].of('stats').at(-1)!.stats.completed;
  const [job] = await jobs.claimAll(['counted']);
  await jobs.complete(job!);
  for (const client of watching)
    await expect.poll(() => client.of('stats').at(-1)!.stats.completed, GENEROUS).toBe(before + 1);
  const polled = await readStatistics(redis.client, createKeys());
  await expect.poll(() => watching[0].of('stats').at(-1)!.stats, GENEROUS).toEqual(polled);
  const reads = async () =>
    Number(/cmdstat_llen:calls=(\d+)/.exec(await redis.client.info('commandstats'))?.[1]);
  for (const client of watching) client.send({ type: 'unsubscribe', id: 7 });
  for (const client of watching) await expect.poll(() => client.of('unsubscribed').length, GENEROUS).toBe(1);
  const told = watching.map((client) => client.of('stats').length);
  const [last] = await jobs.claimAll(['unwatched']);
  const calls = await reads();
  await jobs.complete(last!);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(await reads()).toBe(calls);
  expect(watching.map((client) => client.of('stats').length)).toEqual(told);
});
