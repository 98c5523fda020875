import { beforeAll, expect, test } from 'vitest';

import type { BatchView } from '../../../../src/contract/batches/batch.ts';
import { JOB_STATUSES } from '../../../../src/contract/job.ts';
import { Batches } from '../../../../src/jobs/batches/batches.ts';
import type { JobPayload } from '../../../../src/jobs/model/job-payload.ts';
import { DocumentDeletion } from '../../../../src/jobs/transitions/document-deletion.ts';
import { JobQueue } from '../../../../src/jobs/transitions/job-queue.ts';
import { complete, enqueue } from '../../../helpers/stores/lines.ts';
import {
  claimOne,
  document,
  job,
  keys,
  leasesEnd,
  options,
  payload,
  queue,
  redis,
  useQueue,
} from '../../../helpers/stores/queue.ts';
import { recordScripts } from '../../../helpers/stores/replay.ts';

useQueue();
let batches: Batches;
beforeAll(() => {
  batches = new Batches(redis.client, keys);
});

const JOB_STATES = [...JOB_STATUSES, 'cancelled'];
const failure = { message: 'Parsing failed', error: 'x', errorCode: 'corrupt' } as const;
const report = { progress: 30, message: 'Document parsed', stage: 'parse', counts: {} } as const;

async function add(id: string, more: Partial<JobPayload> = {}, by = queue): Promise<void> {
  await by.enqueue(id, 'default', { ...payload, file_size: 10, batch: 'b', ...more });
}

/** Reads the stored counts that are not 0, because a read through the api would correct them. */
async function counts(): Promise<Record<string, number>> {
  const stored = await redis.client.hgetall(keys.batchCounts('default', 'b'));
  const some = JOB_STATES.map((state) => [state, Number(stored[state] ?? 0)] as const);
  return Object.fromEntries(some.filter(([, count]) => count !== 0));
}
async function bytes() {
  const [total, done] = await redis.client.hmget(keys.batchCounts('default', 'b'), 'bytes', 'bytes_done');
  return { total: Number(total), done: Number(done) };
}
/** Lists the keys of all batches, and of the sweep. */
const batchKeys = async () => (await redis.client.keys(`${keys.batchPrefix}*`)).toSorted();

test('each transition moves the job within the counts of its batch', async () => {
  await add('a');
  expect(await job('a')).toMatchObject({ batch: 'b' });
  expect(await counts()).toEqual({ queued: 1 });
  let claim = await claimOne();
  expect(await counts()).toEqual({ processing: 1 });
  await queue.progress(claim, report);
  await queue.retry(claim, 60_000, { error: 'x', errorCode: 'deadline' });
  expect(await counts()).toEqual({ retrying: 1 });
  await queue.retryNow('a', (await job('a')).version);
  expect(await counts()).toEqual({ queued: 1 });
  await queue.release(await claimOne());
  expect(await counts()).toEqual({ queued: 1 });
  await claimOne();
  await leasesEnd(1);
  expect(await counts()).toEqual({ queued: 1 });
  await queue.fail(await claimOne(), failure);
  expect(await batches.read('default', 'b')).toMatchObject({
    total: 1,
    counts: { processing: 0, failed: 1 },
    bytes: { total: 10, done: 10 },
    failures: { corrupt: 1 },
  } satisfies Partial<Record<keyof BatchView, unknown>>);
  await queue.rerun('a', 1);
  expect(await batches.read('default', 'b')).toMatchObject({
    counts: { queued: 1, failed: 0 },
    bytes: { total: 10, done: 0 },
    failures: {},
  });
  await queue.cancel('a');
  expect(await counts()).toEqual({ cancelled: 1 });
  await queue.rerun('a', 2);
  claim = await claimOne();
  await queue.complete(claim, document);
  expect(await counts()).toEqual({ completed: 1 });
  expect((await batches.read('default', 'b'))?.failures).toEqual({});
});

test('times are those of the first and the last change', async () => {
  await add('a');
  await redis.client.hset(keys.batchCounts('default', 'b'), 'created_ms', Date.UTC(2026, 0, 2));
  const before = Math.floor(Date.now() / 1000) * 1000 - 60_000;
  await add('c');
  const view = await batches.read('default', 'b');
  expect(view?.created_at).toBe('2026-01-02T00:00:00Z');
  expect(Date.parse(view?.updated_at ?? '')).toBeGreaterThan(before);
});

test('a replay of each script counts once', async () => {
  const recorded = recordScripts(redis.client);
  const own = new JobQueue(recorded.client, keys, options);
  await add('a', {}, own);
  await add('c', {}, own);
  await recorded.replay('enqueue');
  expect(await counts()).toEqual({ queued: 2 });
  const { jobs } = await own.claim(2);
  await recorded.replay('claim');
  expect(await counts()).toEqual({ processing: 2 });
  await own.complete(jobs[0]!, document);
  await own.fail(jobs[1]!, failure);
  await recorded.replay('report');
  await recorded.replay('fail');
  expect(await counts()).toEqual({ completed: 1, failed: 1 });
  expect(await bytes()).toEqual({ total: 20, done: 20 });
  await own.rerun('c', 1);
  await recorded.replay('rerun');
  await recorded.replay('fail');
  expect(await counts()).toEqual({ completed: 1, queued: 1 });
});

test('two uploads with one idempotency key count once, whatever batch the second names', async () => {
  const idempotency = { key: 'k', fingerprint: 'f' };
  await queue.enqueue('a', 'default', { ...payload, batch: 'b' }, idempotency);
  await queue.enqueue('z', 'default', { ...payload, batch: 'other' }, idempotency);
  expect(await counts()).toEqual({ queued: 1 });
  expect(await batches.read('default', 'other')).toBeUndefined();
});

test('a copy that completes at once, and one that waited, count as completed', async () => {
  await enqueue('a', 'x', 'skip', { batch: 'b' });
  await enqueue('c', 'x', 'skip', { batch: 'b' });
  expect(await counts()).toEqual({ queued: 2 });
  await complete(await claimOne());
  await queue.claim(5);
  expect(await counts()).toEqual({ completed: 2 });
  expect((await enqueue('d', 'x', 'skip', { batch: 'b' })).isDuplicate).toBe(true);
  expect(await counts()).toEqual({ completed: 3 });
});

test('a refused upload leaves its batch, and the last one takes the batch with it', async () => {
  await add('a');
  await add('c');
  await queue.claim(1);
  await queue.withdraw('a', 'default', 'papers');
  expect(await counts()).toEqual({ queued: 1 });
  expect(await bytes()).toEqual({ total: 10, done: 0 });
  await queue.withdraw('c', 'default', 'papers');
  expect(await batches.read('default', 'b')).toBeUndefined();
  expect(await batchKeys()).toEqual([]);
});

test('an ended job that has expired still counts, and the batch expires after its last job', async () => {
  await add('a');
  await add('c');
  const of = () => Promise.all([keys.batchCounts, keys.batchJobs, keys.batchStates].map(ttlOf));
  const ttlOf = (key: typeof keys.batchCounts) => redis.client.ttl(key('default', 'b'));
  await queue.fail(await claimOne(), failure);
  expect(await of()).toEqual([-1, -1, -1]);
  await redis.client.del(keys.job('a'));
  await batches.compare({ tenant: 'default', batch: 'b' });
  expect(await counts()).toEqual({ queued: 1, failed: 1 });
  await queue.complete(await claimOne(), { ...document, documentId: 'c' });
  expect(Math.min(...(await of()))).toBeGreaterThan(options.ttlSeconds - 30);
  expect(Math.max(...(await of()))).toBeLessThanOrEqual(options.ttlSeconds);
  // A comparison does not prolong it.
  await redis.client.expire(keys.batchStates('default', 'b'), 10);
  await batches.compare({ tenant: 'default', batch: 'b' });
  expect(await redis.client.ttl(keys.batchStates('default', 'b'))).toBeLessThanOrEqual(10);
  await add('d');
  expect(await of()).toEqual([-1, -1, -1]);
  expect(await counts()).toEqual({ queued: 1, failed: 1, completed: 1 });
});

test('the deletion of a document leaves its job in the batch, and cancels one under way', async () => {
  const deletion = new DocumentDeletion(redis.client, keys, options.ttlSeconds);
  await add('a');
  await queue.complete(await claimOne(), document);
  await add('c', { document_id: 'a' });
  await redis.client.hset(
    keys.document('a'),
    'replaced_by',
    'c',
    'tenant',
    'default',
    'collection',
    'papers',
  );
  await deletion.delete('default', 'papers', 'a');
  expect(await counts()).toEqual({ completed: 1, cancelled: 1 });
});

test('a batch takes as many jobs as its limit, and those that Redis has lost beyond it', async () => {
  const most = Array.from({ length: 9999 }, (_, i) => [i, `m${i}`]).flat();
  await add('a');
  await redis.client.zadd(keys.batchJobs('default', 'b'), ...(most as [number, string]));
  const full = { ...payload, batch: 'b' };
  expect(await queue.enqueue('c', 'default', full)).toBe('batch_full');
  expect(await redis.client.exists(keys.job('c'))).toBe(0);
  expect(await queue.enqueue('a', 'default', full)).toMatchObject({ id: 'a' });
  expect(await queue.enqueue('d', 'default', full, undefined, true)).toMatchObject({ id: 'd' });
  expect(await queue.enqueue('e', 'default', { ...payload, batch: 'another' })).toMatchObject({ id: 'e' });
});

test('batches of tenants with one name are different', async () => {
  await add('a');
  await queue.enqueue('c', 'other', { ...payload, batch: 'b' });
  expect((await batches.read('default', 'b'))?.total).toBe(1);
  expect((await batches.read('other', 'b'))?.total).toBe(1);
});

test('a job without a batch costs Redis no command on a batch', async () => {
  const monitor = await redis.client.monitor();
  const touched: string[] = [];
  let last = '';
  monitor.on('monitor', (_time, [command = '', ...args]: string[]) => {
    const isScript = command.toLowerCase().startsWith('eval');
    if (!isScript && args.some((arg) => arg.startsWith(keys.batchPrefix))) touched.push(command);
    last = args[0] ?? '';
  });
  const live = async (id: string, more: Partial<JobPayload>) => {
    await queue.enqueue(id, 'default', { ...payload, ...more });
    const claim = await claimOne();
    await queue.progress(claim, report);
    await queue.complete(claim, { ...document, documentId: id });
    await redis.client.get(`after ${id}`);
    await expect.poll(() => last).toBe(`after ${id}`);
  };
  await live('a', {});
  expect(touched).toEqual([]);
  await live('c', { batch: 'b' });
  expect(touched).not.toEqual([]);
  monitor.disconnect();
});
