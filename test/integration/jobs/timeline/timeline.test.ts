import { expect, test } from 'vitest';

import type { Timeline } from '../../../../src/contract/job.ts';
import { JobQueue } from '../../../../src/jobs/transitions/job-queue.ts';
import {
  api,
  claim,
  get,
  keys,
  options,
  queue,
  redis,
  upload,
  useJobControl,
} from '../../../helpers/stores/job-control.ts';
import { recordScripts } from '../../../helpers/stores/replay.ts';

useJobControl();

const timeline = async (id: string) => (await get<Timeline>(`/api/jobs/${id}/timeline`)).events;
const add = async (text: string) => ((await (await upload(text)).json()) as { job_id: string }).job_id;
/** Shows an entry as status, stage, run, attempt, message and code. */
const words = (events: Timeline['events']) =>
  events.map(({ status, stage = '', run, attempt = '', message, error_code = '' }) =>
    [status, stage, run, attempt, message, error_code].filter((part) => part !== '').join(' '),
  );
const report = { progress: 10, message: 'Parsing document...', stage: 'parse', counts: {} } as const;
const failure = { error: 'The embedder is busy.', errorCode: 'deadline' } as const;
const document = (id: string) => ({
  documentId: id,
  tenant: 'default',
  collection: 'default',
  chunkCount: 1,
  fields: { collection: 'default' },
});

test('the timeline tells a life: stages, waits, a lost worker, a retry and another run', async () => {
  const id = await add('life');
  const before = Date.now() - 10_000;
  const first = await claim();
  await queue.progress(first, report);
  await queue.progress(first, { ...report, progress: 30, message: 'Chunking text...', stage: 'chunk' });
  await queue.progress(first, { ...report, progress: 40, message: 'm', stage: 'chunk' });
  await redis.client.zadd(keys.leases, 1, id);
  await queue.expireLeases();
  // The next holder goes on where the lost one ended.
  const second = await claim();
  await queue.progress(second, { ...report, waitingFor: 'embedder' });
  await queue.progress(second, report);
  await queue.fail(second, { ...failure, message: 'Embedding failed' });
  await queue.rerun(id, 1);
  const third = await claim();
  await queue.retry(third, 1, failure);
  const { version } = await get<{ version: number }>(`/api/jobs/${id}`);
  await queue.retryNow(id, version);
  await queue.complete(await claim(), document(id));
  const events = await timeline(id);
  expect(words(events)).toEqual([
    'queued 1 Waiting for worker...',
    'processing parse 1 1 Parsing document...',
    'processing chunk 1 1 Chunking text...',
    'queued 1 1 Waiting for worker...',
    'processing parse 1 2 Parsing document...',
    'processing parse 1 2 Waits for the embedder',
    'processing parse 1 2 Parsing document...',
    'failed 1 2 Embedding failed deadline',
    'queued 2 0 Waiting for worker...',
    'processing parse 2 1 Parsing document...',
    'retrying 2 1 Retrying (1/3): The embedder is busy. deadline',
    'queued 2 1 Waiting for worker...',
    'processing parse 2 2 Parsing document...',
    'completed 2 2 Upload completed successfully',
  ]);
  const times = events.map(({ at_ms }) => at_ms);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times[0]).toBeGreaterThan(before);
  expect(times.at(-1)).toBeLessThanOrEqual(Date.now());
});

test('a call that is sent again adds no entry', async () => {
  const recorded = recordScripts(redis.client);
  const sender = new JobQueue(recorded.client, keys, options);
  const id = await add('twice');
  const claimed = (await sender.claim(1)).jobs[0]!;
  await sender.progress(claimed, { ...report, progress: 30, message: 'Chunking text...', stage: 'chunk' });
  await recorded.replay('claim');
  await recorded.replay('report');
  await sender.complete(claimed, document(id));
  await recorded.replay('report');
  expect(words(await timeline(id))).toHaveLength(4);
});

test('a report writes the timeline too, although Redis has lost the version before it', async () => {
  const id = await add('lost');
  const claimed = await claim();
  const kept = await redis.client.hgetall(keys.job(id));
  await queue.progress(claimed, { ...report, progress: 30, message: 'Chunking text...', stage: 'chunk' });
  await redis.client.del(keys.job(id));
  await redis.client.hset(keys.job(id), kept);
  await queue.progress(claimed, {
    ...report,
    progress: 60,
    message: 'Generating embeddings...',
    stage: 'embed',
  });
  expect(words(await timeline(id)).slice(1)).toEqual([
    'processing parse 1 1 Parsing document...',
    'processing chunk 1 1 Chunking text...',
    'processing embed 1 1 Generating embeddings...',
  ]);
});

test('a timeline keeps its last 100 entries, in a few KB', async () => {
  const id = await add('often');
  const long = { error: `ä\tb\n${'ü'.repeat(400)}`, errorCode: 'deadline' } as const;
  for (let i = 0; i < 120; i++) {
    const claimed = await claim();
    if (i % 2 === 0)
      for (const stage of ['chunk', 'embed'] as const) await queue.progress(claimed, { ...report, stage });
    await queue.retry(claimed, 0, i % 10 === 0 ? long : failure);
  }
  const stored = (await redis.client.hget(keys.job(id), 'timeline')) ?? '';
  expect(Buffer.byteLength(stored)).toBeLessThanOrEqual(8192);
  const events = await timeline(id);
  expect(events.length).toBeLessThanOrEqual(100);
  expect(events.length).toBeGreaterThan(50);
  expect(events.at(-1)).toMatchObject({ status: 'retrying', error_code: 'deadline' });
  const { message } = events.findLast((event) => event.message.includes('ü'))!;
  expect(message).toMatch(/^Retrying \(\d+\/3\): ä b ü+$/u);
});

test.each(['none', 'foreign'])(
  'there is no timeline of a job that is unknown, or of another tenant: %s',
  async (id) => {
    await redis.client.hset(keys.job('foreign'), { status: 'queued', tenant: 'another', timeline: 'x' });
    const response = await fetch(`${api.url}/api/jobs/${id}/timeline`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'job_not_found' });
  },
);

test('a job of another program has an empty timeline, and lines of another program are left out', async () => {
  await redis.client.hset(keys.job('x'), { status: 'queued', payload: '{}' });
  expect(await timeline('x')).toEqual([]);
  await redis.client.hset(keys.job('x'), 'timeline', 'text\n\n1\t2\n5\t1\t\tqueued\t\t\n');
  expect(await timeline('x')).toEqual([
    { at_ms: 5, status: 'queued', run: 1, message: 'Waiting for worker...' },
  ]);
  await redis.client.set(keys.job('y'), 'text');
  expect((await fetch(`${api.url}/api/jobs/y/timeline`)).status).toBe(404);
});
