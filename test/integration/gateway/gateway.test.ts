import { afterEach, expect, test, vi } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import { CLOSE, FEATURES, ServerMessageSchema } from '../../../src/contract/messages.ts';
import * as v from 'valibot';
import { useRedis, useRoles } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';
import { TestClient } from '../../helpers/clients/ws.ts';

let clients: TestClient[] = [];

const redis = useRedis();
const node = useRoles(['api', 'gateway'], () => ({ REDIS_URL: redis.url }));
const jobs = new TestJobs(redis);

afterEach(async () => {
  for (const client of clients) client.socket.terminate();
  clients = [];
  await redis.client.flushall();
});

async function connect(path = '/ws', headers: Record<string, string> = {}): Promise<TestClient> {
  const client = new TestClient(node.url + path, headers, ['sluice.v2']);
  clients.push(client);
  await client.opened;
  return client;
}
/** Leaves out the offset, which is not the same for a client that still has to hear of a leave. */
const bare = (frame: string | undefined) => frame?.replace(/"offset":\d+,/, '');
const polled = async (id: string) => (await fetch(`${node.url}/api/jobs/${id}`)).text();

test('a client is welcomed, and every frame fits the contract', async () => {
  const job = await jobs.claim('a');
  const client = await connect();
  client.send({ type: 'subscribe', id: 1, channel: 'jobs', jobs: ['a'] });
  await expect.poll(() => client.of('snapshot').length).toBe(1);
  await jobs.complete(job);
  await expect.poll(() => client.states('a').at(-1)?.status).toBe('completed');
  expect(client.messages[0]).toMatchObject({
    type: 'welcome',
    protocol: 2,
    epoch: await redis.client.get('jobs:epoch'),
    features: [...FEATURES],
  });
  expect(client.of('welcome')[0]!.offset).toBeLessThanOrEqual(Number(await redis.client.get('jobs:offset')));
  expect(client.socket.protocol).toBe('sluice.v2');
  for (const message of client.messages) expect(v.is(ServerMessageSchema, message)).toBe(true);
});

test('versions grow strictly, and the last state is the very bytes that polling returns', async () => {
  const job = await jobs.claim('a');
  const client = await connect();
  client.send({ type: 'subscribe', id: 1, channel: 'jobs', jobs: ['a'] });
  for (let progress = 61; progress <= 79; progress++) {
    await jobs.step(job, progress);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await jobs.complete(job);
  await expect.poll(() => client.states('a').at(-1)?.status).toBe('completed');
  const versions = client.states('a').map(({ version }) => version);
  expect(versions.length).toBeGreaterThan(2);
  expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
  expect(bare(client.frames.at(-1))).toBe(`{"type":"update","jobs":[${await polled('a')}]}`);
});

test('a state is serialised once, however many watch in whichever way', async () => {
  const job = await jobs.claim('a');
  const watching = await Promise.all(
    Array.from({ length: 90 }, async (_, i) => {
      if (i % 3 === 0) return connect('/ws?job=a');
      const client = await connect();
      client.send(
        i % 3 === 1
          ? { type: 'subscribe', id: 1, channel: 'jobs', jobs: ['a', `other-${i}`] }
          : { type: 'subscribe', id: 1, channel: 'active' },
      );
      return client;
    }),
  );
  await expect.poll(() => watching.every((client) => client.of('snapshot').length === 1)).toBe(true);
  const stream = await fetch(`${node.url}/api/jobs/a/events`);
  using stringify = vi.spyOn(JSON, 'stringify');
  const serialised = () =>
    stringify.mock.calls.map(([value]) => value as Partial<Job> | null).filter((value) => value?.id === 'a');
  for (const progress of [61, 62, 63]) {
    await jobs.step(job, progress);
    await expect
      .poll(() => watching.every((client) => client.states('a').at(-1)?.progress === progress))
      .toBe(true);
  }
  await jobs.complete(job);
  expect(await stream.text()).toContain('"status":"completed"');
  await expect
    .poll(() => watching.every((client) => client.states('a').at(-1)?.status === 'completed'))
    .toBe(true);
  expect(serialised().map((value) => value?.progress)).toEqual([61, 62, 63, 100]);
  const updates = watching.map(({ frames }) =>
    frames.findLast((frame) => frame.startsWith('{"type":"update"')),
  );
  expect(new Set(updates.map(bare))).toEqual(new Set([`{"type":"update","jobs":[${await polled('a')}]}`]));
});

test('whoever joins while a job is changing misses nothing', async () => {
  for (let round = 0; round < 20; round++) {
    const job = await jobs.claim(`race-${round}`);
    const watchers = await Promise.all(Array.from({ length: 5 }, () => connect()));
    const changing = (async () => {
      for (let progress = 61; progress < 70; progress++) await jobs.step(job, progress);
      await jobs.complete(job);
    })();
    for (const [i, watcher] of watchers.entries()) {
      await new Promise((resolve) => setTimeout(resolve, i));
      watcher.send({ type: 'subscribe', id: 1, channel: 'jobs', jobs: [job.id] });
    }
    await changing;
    for (const watcher of watchers) {
      await expect.poll(() => watcher.states(job.id).at(-1)?.status).toBe('completed');
      const versions = watcher.states(job.id).map(({ version }) => version);
      expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
      watcher.socket.terminate();
    }
  }
});

test('the active channel: those there, those that come, and those that go, after their last state', async () => {
  const first = await jobs.claim('first');
  const client = await connect();
  client.send({ type: 'subscribe', id: 7, channel: 'active' });
  await expect
    .poll(() => client.of('snapshot'))
    .toMatchObject([{ id: 7, more: false, jobs: [{ id: 'first' }] }]);
  const second = await jobs.claim('second');
  await expect.poll(() => client.states('second').at(-1)?.status).toBe('processing');
  await jobs.complete(first);
  await jobs.fail(second);
  await expect
    .poll(() =>
      client
        .of('gone')
        .flatMap(({ jobs }) => jobs)
        .sort(),
    )
    .toEqual(['first', 'second']);
  const types = client.messages
    .map((message) =>
      message.type === 'gone'
        ? message.jobs.map((id) => `gone ${id}`)
        : message.type === 'update'
          ? message.jobs.map(({ id, status }) => `${status} ${id}`)
          : [],
    )
    .flat();
  expect(types.indexOf('completed first')).toBeLessThan(types.indexOf('gone first'));
  expect(types.indexOf('completed first')).toBeGreaterThan(-1);
  expect(types.indexOf('failed second')).toBeLessThan(types.indexOf('gone second'));
});

test('a snapshot of many jobs comes in pages', async () => {
  await jobs.enqueue(Array.from({ length: 250 }, (_, i) => `job-${i}`));
  const client = await connect();
  client.send({ type: 'subscribe', id: 1, channel: 'active' });
  await expect
    .poll(() => client.of('snapshot').map(({ more, jobs }) => [more, jobs.length]))
    .toEqual([
      [true, 100],
      [true, 100],
      [false, 50],
    ]);
});

test('after unsubscribe nothing comes any more', async () => {
  const job = await jobs.claim('a');
  const client = await connect();
  client.send({ type: 'subscribe', id: 1, channel: 'jobs', jobs: ['a'] });
  await expect.poll(() => client.of('snapshot').length).toBe(1);
  client.send({ type: 'unsubscribe', id: 1 });
  await expect.poll(() => client.of('unsubscribed')).toEqual([{ type: 'unsubscribed', id: 1 }]);
  await jobs.complete(job);
  client.send({ type: 'ping' });
  await expect.poll(() => client.of('pong').length).toBe(1);
  expect(client.of('update')).toEqual([]);
});

test('an id nobody knows is named, and watched all the same', async () => {
  const client = await connect();
  client.send({ type: 'subscribe', id: 1, channel: 'jobs', jobs: ['later'] });
  await expect.poll(() => client.of('error')).toMatchObject([{ id: 1, code: 'job_not_found' }]);
  await jobs.claim('later');
  await expect.poll(() => client.states('later').length).toBeGreaterThan(0);
});

test('?job= subscribes at once and closes 1000 after the end', async () => {
  const job = await jobs.claim('a');
  const client = await connect('/ws?job=a');
  await expect.poll(() => client.of('snapshot').length).toBe(1);
  await jobs.complete(job);
  expect((await client.closed).code).toBe(CLOSE.done);
  expect(client.states('a').at(-1)?.status).toBe('completed');
  const late = await connect('/ws?job=a');
  expect((await late.closed).code).toBe(CLOSE.done);
  expect(bare(late.frames.at(-1))).toBe(
    `{"type":"snapshot","id":0,"jobs":[${await polled('a')}],"more":false,"resumed":false}`,
  );
  expect((await (await connect('/ws?job=nobody')).closed).code).toBe(CLOSE.unknownJob);
});

test('?job= closes 4404, too, when its job is known no longer', async () => {
  await jobs.claim('a');
  const client = await connect('/ws?job=a');
  await expect.poll(() => client.of('snapshot').length).toBe(1);
  await redis.client.del('job:a');
  // As if an event had been missed: the next canary has everything watched read again.
  await redis.client.incr('jobs:offset');
  expect((await client.closed).code).toBe(CLOSE.unknownJob);
});

test('a page of another site is closed 4403 without a word', async () => {
  const client = await connect('/ws', { origin: 'https://evil.example' });
  expect((await client.closed).code).toBe(CLOSE.forbidden);
  expect(client.messages).toEqual([]);
});

test('an upgrade elsewhere is refused, and does not hang', async () => {
  const client = new TestClient(`${node.url}/elsewhere`);
  await expect(client.opened).rejects.toThrow('404');
});

test('a Redis connection that was cut costs no watcher its last state', async () => {
  const job = await jobs.claim('a');
  const byId = await connect();
  byId.send({ type: 'subscribe', id: 1, channel: 'jobs', jobs: ['a'] });
  const dashboard = await connect();
  dashboard.send({ type: 'subscribe', id: 2, channel: 'active' });
  await expect.poll(() => byId.of('snapshot').length + dashboard.of('snapshot').length).toBe(2);
  // The state changes in the same moment in which the subscription is cut: its message reaches nobody.
  await Promise.all([redis.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub'), jobs.complete(job)]);
  for (const client of [byId, dashboard]) {
    await expect.poll(() => client.states('a').at(-1)?.status).toBe('completed');
  }
  await expect.poll(() => dashboard.of('gone').length).toBe(1);
});

test('when the last client has gone, nothing is watched any more', async () => {
  const client = await connect();
  client.send({ type: 'subscribe', id: 1, channel: 'jobs', jobs: ['a', 'b'] });
  await expect.poll(() => client.of('snapshot').length).toBe(1);
  client.socket.close();
  await client.closed;
  const job = await jobs.claim('a');
  await jobs.complete(job);
  expect(node.logger.lines.filter((line) => line.includes('failed'))).toEqual([]);
});
