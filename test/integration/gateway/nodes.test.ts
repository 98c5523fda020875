import { afterEach, expect, test } from 'vitest';

import { createKeys } from '../../../src/redis/keys.ts';
import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { use, useFolder, useRedis } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';
import { expectAccepted, upload } from '../../helpers/clients/uploads.ts';
import { Watcher } from '../../helpers/clients/watcher.ts';
import { TestClient } from '../../helpers/clients/ws.ts';

const GENEROUS = { timeout: 60_000 };
const ROLES = ['api', 'gateway'];
const keys = createKeys();
let watchers: Watcher[] = [];

const redis = useRedis();
const blobs = useFolder();
const startNode = () => GatewayNode.start(redis.url, ROLES, [], blobs);
const nodes = [use(startNode), use(startNode)] as const;
const jobs = new TestJobs(redis);

afterEach(async () => {
  for (const watcher of watchers) watcher.end();
  watchers = [];
  await Promise.all(nodes.map((node) => node.emptied()));
});

test('whoever joins while jobs change, on either node, sees each end once and versions grow', async () => {
  for (let round = 0; round < 6; round++) {
    const ids = Array.from({ length: 10 }, (_, i) => `race-${round}-${i}`);
    const claimed = await jobs.claimAll(ids);
    const changing = claimed.map(async (job, i) => {
      for (let progress = 61; progress < 66 + i; progress++) await jobs.step(job, progress);
      await jobs.complete(job);
    });
    const joined: Watcher[] = [];
    for (let i = 0; i < 30; i++) {
      const interest = i % 3 === 0 ? { channel: 'active' as const } : { jobs: ids };
      joined.push(new Watcher([nodes[i % 2]!.url], interest));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    watchers.push(...joined);
    await Promise.all(changing);
    await expect.poll(() => joined.every(({ snapshots }) => snapshots === 1), GENEROUS).toBe(true);
    const byId = joined.filter((_, i) => i % 3 !== 0);
    await expect.poll(() => byId.filter(({ ends }) => ends.size !== 10).length, GENEROUS).toBe(0);
    for (const watcher of joined) {
      expect(watcher.faults).toEqual([]);
      expect([...watcher.ends.values()].every((times) => times === 1)).toBe(true);
    }
    // A dashboard is left with nothing: whatever it was told of has ended and gone.
    for (const dashboard of joined.filter((_, i) => i % 3 === 0))
      await expect.poll(() => ids.filter((id) => dashboard.job(id)), GENEROUS).toEqual([]);
  }
});

test('every run has its end, though the next begins in the same moment', async () => {
  await jobs.enqueue(['again']);
  watchers = nodes.flatMap(({ url }) => [
    new Watcher([url], { channel: 'active' }),
    new Watcher([url], { jobs: ['again'] }),
  ]);
  await expect.poll(() => watchers.every(({ snapshots }) => snapshots === 1)).toBe(true);
  const runs = Array.from({ length: 20 }, (_, i) => i + 1);
  // Sent one behind the other: a node may hear of an end and of what follows at once.
  await Promise.all(runs.flatMap((run) => [jobs.queue.cancel('again'), jobs.queue.rerun('again', run)]));
  await jobs.queue.cancel('again');
  const ends = [...runs, 21].map((run) => [`again/${run}`, 1]);
  for (const watcher of watchers) {
    await expect.poll(() => [...watcher.ends]).toEqual(ends);
    expect(watcher.faults).toEqual([]);
  }
});

test('what was just uploaded is known on the other node, in the same bytes to poll, stream and socket', async () => {
  for (let i = 0; i < 20; i++) {
    const [here, there] = i % 2 === 0 ? nodes : [nodes[1], nodes[0]];
    const id = await expectAccepted(await upload(here.url));
    const socket = new TestClient(`${there.url}/ws?job=${id}`);
    const [polled, streamed] = await Promise.all([
      fetch(`${there.url}/api/jobs/${id}`),
      fetch(`${there.url}/api/jobs/${id}/events`),
    ]);
    expect([polled.status, streamed.status]).toEqual([200, 200]);
    const bytes = await polled.text();
    const frame = (place: number) => socket.frames.at(place)?.replace(/"offset":\d+,/, '');
    await expect
      .poll(() => frame(1))
      .toBe(`{"type":"snapshot","id":0,"jobs":[${bytes}],"more":false,"resumed":false}`);
    await jobs.queue.cancel(id);
    expect((await socket.closed).code).toBe(1000);
    const last = await (await fetch(`${here.url}/api/jobs/${id}`)).text();
    expect(frame(-1)).toBe(`{"type":"update","jobs":[${last}]}`);
    const events = [...(await streamed.text()).matchAll(/^data: (.*)$/gm)].map(([, data]) => data);
    expect(events).toEqual([bytes, last]);
  }
});

test('that nobody knows a job is said once, however often all is read again', async () => {
  const [ended, running] = await jobs.claimAll(['ended', 'running']);
  const client = new TestClient(`${nodes[0].url}/ws`);
  await client.opened;
  client.send({ type: 'subscribe', id: 1, channel: 'jobs', jobs: ['ended', 'running', 'never'] });
  await expect.poll(() => client.of('error').map(({ jobs }) => jobs)).toEqual([['never']]);
  await jobs.complete(ended!);
  await expect.poll(() => client.states('ended').at(-1)?.status).toBe('completed');
  await redis.client.del(`job:${ended!.id}`, `job:${running!.id}`);
  for (let gap = 0; gap < 3; gap++) {
    const before = await nodes[0].metric('sluice_feed_rereads_total');
    // As if an event had been missed.
    await redis.client.incr(keys.offset);
    await expect.poll(() => nodes[0].metric('sluice_feed_rereads_total'), GENEROUS).toBeGreaterThan(before);
  }
  // What expired after its end was told is not worth a word.
  expect(client.of('error').map(({ jobs }) => jobs)).toEqual([['never'], ['running']]);
  client.socket.terminate();
});

test('however many watch however many jobs, in whichever way, a node has one subscription', async () => {
  const ids = Array.from({ length: 50 }, (_, i) => `one-${i}`);
  await jobs.enqueue(ids);
  watchers = nodes.flatMap(({ url }) =>
    Array.from(
      { length: 60 },
      (_, i) => new Watcher([url], i % 6 === 0 ? { channel: 'active' } : { jobs: ids.slice(i % 40) }),
    ),
  );
  await expect.poll(() => watchers.every(({ snapshots }) => snapshots === 1), GENEROUS).toBe(true);
  const streams = await Promise.all(
    nodes.flatMap(({ url }) => ids.slice(0, 10).map((id) => fetch(`${url}/api/jobs/${id}/events`))),
  );
  expect(await redis.client.call('PUBSUB', 'NUMPAT')).toBe(1);
  const subscribers = String(await redis.client.call('CLIENT', 'LIST', 'TYPE', 'pubsub'))
    .trim()
    .split('\n');
  // All events are one pattern; the node's canaries have a channel of their own.
  expect(subscribers.map((line) => /sub=(\d+) psub=(\d+)/.exec(line)?.slice(1))).toEqual([
    ['1', '1'],
    ['1', '1'],
  ]);
  for (const { body } of streams) await body?.cancel();
  for (const id of ids) await jobs.queue.cancel(id);
});

test('clients that come and go leave nothing that is watched, and pushes are measured', async () => {
  const claimed = await jobs.claimAll(['kept', 'other']);
  for (let cycle = 0; cycle < 20; cycle++) {
    const clients = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const client = new TestClient(`${nodes[i % 2]!.url}/ws`);
        await client.opened;
        client.send({ type: 'subscribe', id: 1, channel: 'jobs', jobs: ['kept', 'nobody'] });
        client.send({ type: 'subscribe', id: 2, channel: 'active' });
        client.send({ type: 'unsubscribe', id: i % 3 });
        return client;
      }),
    );
    await jobs.step(claimed[0]!, 61 + cycle / 2);
    // Some wait for their snapshots, some do not.
    if (cycle % 2 === 0)
      await expect.poll(() => clients.every((c) => c.of('snapshot').length === 2)).toBe(true);
    for (const [i, { socket }] of clients.entries()) {
      if (i % 2 === 0) socket.terminate();
      else socket.close();
    }
  }
  await Promise.all(nodes.map((node) => node.emptied()));
  for (const node of nodes) {
    // Pollers are kept for an interval.
    await expect.poll(() => node.metric('sluice_feed_watches'), GENEROUS).toBe(0);
    expect(await node.metric('sluice_gateway_push_seconds_count')).toBeGreaterThan(0);
  }
});
