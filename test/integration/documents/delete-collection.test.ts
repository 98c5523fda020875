import { expect, test } from 'vitest';

import type { CollectionDeletion } from '../../../src/contract/documents.ts';
import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import { registerByJob } from '../../helpers/stores/counted-documents.ts';
import { api, get, keys, queue, redis, useJobControl } from '../../helpers/stores/job-control.ts';

useJobControl({ MAX_REQUESTS_PER_SECOND: '100000' });

async function remove(name: string): Promise<{ status: number; body: CollectionDeletion }> {
  const response = await fetch(`${api.url}/api/collections/${name}`, { method: 'DELETE' });
  return { status: response.status, body: (await response.json()) as CollectionDeletion };
}
const NOT_FOUND = { status: 404, body: { code: 'collection_not_found' } };
const documentsIn = (name: string) => redis.client.zrange(keys.documentsIn('default', name), '0', '-1');
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

async function make(id: string, more: Partial<JobPayload> = {}, tenant = 'default'): Promise<void> {
  const payload = { filename: 'a.txt', collection: 'papers', file_key: `${tenant}/${id}`, ...more };
  await queue.enqueue(id, tenant, payload as JobPayload);
}
async function claim(): Promise<ClaimedJob> {
  return (await queue.claim(1)).jobs[0]!;
}
function complete(held: ClaimedJob): Promise<boolean> {
  const { id, tenant } = held;
  const collection = 'papers';
  const fields = { id, tenant, collection, file_key: `${tenant}/${id}` };
  return queue.complete(held, { documentId: id, tenant, collection, chunkCount: 1, fields });
}

test('documents and jobs in every state before the end go, and those of others stay', async () => {
  for (const id of ['one', 'two']) await registerByJob(redis.client, id);
  await registerByJob(redis.client, 'letter', { collection: 'letters' });
  await make('processing');
  const held = await claim();
  await make('retrying');
  await queue.retry(await claim(), 60_000, { error: 'x', errorCode: 'internal' });
  // The second of the same name waits for the first.
  const parked = { content_hash: 'x', on_duplicate: 'skip' } as const;
  for (const id of ['first', 'parked']) await make(id, { ...SETTINGS, ...parked });
  expect(await redis.client.zrange(keys.parked, '0', '-1')).toEqual(['parked']);
  await make('replacing', { document_id: 'one' });
  await make('elsewhere', { collection: 'letters' });
  await make('theirs', {}, 'other');
  expect(await remove('papers')).toEqual({
    status: 200,
    body: { documents_deleted: 2, jobs_cancelled: 5, more: false },
  });
  for (const id of ['processing', 'retrying', 'first', 'parked', 'replacing'])
    expect([id, await get(`/api/jobs/${id}`)]).toMatchObject([
      id,
      { status: 'failed', error_code: 'cancelled' },
    ]);
  expect(await complete(held)).toBe(false);
  expect(await get('/api/collections/papers')).toMatchObject({ code: 'collection_not_found' });
  expect(await remove('papers')).toMatchObject(NOT_FOUND);
  expect(await documentsIn('letters')).toEqual(['letter']);
  expect((await redis.client.smembers(keys.active)).toSorted()).toEqual(['elsewhere', 'theirs']);
  expect(await redis.client.hget(keys.job('theirs'), 'status')).toBe('queued');
});

const SETTINGS = { chunking_strategy: 'sentence', chunk_size: 512, chunk_overlap: 50, metadata: {} } as const;

test('an unknown collection is refused', async () => {
  await registerByJob(redis.client, 'a');
  await make('theirs', { collection: 'theirs' }, 'other');
  for (const name of ['nowhere', 'theirs', 'a%20b', '..%2Fx'])
    expect([name, await remove(name)]).toMatchObject([name, NOT_FOUND]);
  expect(await documentsIn('papers')).toEqual(['a']);
});

test('a job that completes while the call cancels leaves no document', async () => {
  for (const i of range(300)) await make(`job-${i}`);
  let completed = 0;
  const work = async () => {
    for (let jobs; (jobs = (await queue.claim(4)).jobs).length > 0;)
      for (const done of await Promise.all(jobs.map(complete))) if (done) completed++;
  };
  const [{ status, body }] = await Promise.all([remove('papers'), work(), work()]);
  expect([status, body.more]).toEqual([200, false]);
  expect([completed > 0, body.jobs_cancelled > 0]).toEqual([true, true]);
  expect(completed + body.jobs_cancelled).toBe(300);
  expect(body.documents_deleted).toBe(completed);
  expect(await documentsIn('papers')).toEqual([]);
  expect(await redis.client.scard(keys.active)).toBe(0);
});

test('a call ends after 1,000 jobs and documents, and the same one goes on', async () => {
  const pipeline = redis.client.pipeline();
  for (const i of range(1500)) {
    const id = `d${i}`;
    const fields = { id, tenant: 'default', collection: 'papers', metadata: '{}', generation: '1-x' };
    pipeline.hset(keys.document(id), fields);
    for (const index of [keys.documents('default'), keys.documentsIn('default', 'papers')])
      pipeline.zadd(index, i, id);
  }
  await pipeline.exec();
  for (const i of range(200)) await make(`job-${i}`);
  const bodies: CollectionDeletion[] = [];
  do bodies.push((await remove('papers')).body);
  while (bodies.at(-1)?.more);
  expect(bodies).toEqual([
    { documents_deleted: 800, jobs_cancelled: 200, more: true },
    { documents_deleted: 700, jobs_cancelled: 0, more: false },
  ]);
  expect(await remove('papers')).toMatchObject(NOT_FOUND);
});
