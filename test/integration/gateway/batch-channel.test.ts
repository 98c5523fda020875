import { afterEach, expect, test } from 'vitest';

import { Batches } from '../../../src/jobs/batches/batches.ts';
import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { TestClient } from '../../helpers/clients/ws.ts';
import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { use, useRedis } from '../../helpers/servers/use.ts';

const GENEROUS = { timeout: 30_000 };
let clients: TestClient[] = [];

const redis = useRedis();
const node = use(() => GatewayNode.start(redis.url));
const keys = createKeys();
const queueOf = () =>
  new JobQueue(redis.client, keys, { leaseMs: 30_000, maxRetries: 3, maxStalls: 10, ttlSeconds: 500 });

afterEach(() => {
  for (const client of clients.splice(0)) client.socket.terminate();
});

async function watch(batch: string, more: object = {}): Promise<TestClient> {
  const client = new TestClient(`${node.url}/ws`);
  clients.push(client);
  await client.opened;
  client.send({ type: 'subscribe', id: 6, channel: 'batch', batch, ...more });
  return client;
}
const add = (id: string, batch: string, tenant = 'default') =>
  queueOf().enqueue(id, tenant, {
    filename: id,
    collection: 'c',
    file_key: id,
    file_size: 10,
    batch,
  } as JobPayload);
const last = (client: TestClient) => client.of('batch').at(-1);
const counts = (client: TestClient) => last(client)?.batch.counts;

test('a client hears the counters of its batch at once, and then as they change', async () => {
  for (const id of ['a', 'b']) await add(id, 'march');
  await add('other', 'april');
  const client = await watch('march');
  await expect.poll(() => counts(client), GENEROUS).toMatchObject({ queued: 2 });
  await queueOf().cancel('a');
  await add('c', 'march');
  await expect.poll(() => counts(client), GENEROUS).toMatchObject({ queued: 2, cancelled: 1 });
  expect(last(client)).toEqual({
    type: 'batch',
    id: 6,
    offset: expect.any(Number) as number,
    batch: await new Batches(redis.client, keys).read('default', 'march'),
  });
  const offsets = client.of('batch').map(({ offset }) => offset);
  expect(offsets).toEqual(offsets.toSorted((x, y) => x - y));
  expect(offsets.at(-1)).toBe(Number(await redis.client.get(keys.offset)));
});

test('all watchers of a node share one read, and an unchanged batch costs no message', async () => {
  await add('d', 'shared');
  const watching = [await watch('shared'), await watch('shared'), await watch('shared')];
  for (const client of watching) await expect.poll(() => counts(client), GENEROUS).toBeDefined();
  const reads = async () =>
    Number(/cmdstat_hgetall:calls=(\d+)/.exec(await redis.client.info('commandstats'))?.[1] ?? 0);
  const [before, told] = [await reads(), watching.map((client) => client.of('batch').length)];
  const beganAt = performance.now();
  await expect.poll(async () => (await reads()) - before, GENEROUS).toBeGreaterThanOrEqual(3);
  const most = Math.ceil((performance.now() - beganAt) / 500) + 1;
  expect((await reads()) - before).toBeLessThanOrEqual(most);
  expect(watching.map((client) => client.of('batch').length)).toEqual(told);
  for (const client of watching) {
    client.send({ type: 'unsubscribe', id: 6 });
    await expect.poll(() => client.of('unsubscribed').length, GENEROUS).toBe(1);
  }
  await add('e', 'shared');
  const another = await watch('shared');
  await expect.poll(() => counts(another), GENEROUS).toMatchObject({ queued: 2 });
  expect(watching.map((client) => client.of('batch').length)).toEqual(told);
});

test('a batch without a job, or of another tenant, is an error, and its first job brings the counters', async () => {
  await add('f', 'late', 'another');
  const client = await watch('late', { since: { epoch: 'e', offset: 1 } });
  await expect
    .poll(() => client.of('error').at(-1), GENEROUS)
    .toMatchObject({ id: 6, code: 'batch_not_found' });
  await add('g', 'late');
  await expect.poll(() => last(client)?.batch.total, GENEROUS).toBe(1);
  expect(client.of('error')).toHaveLength(1);
});
