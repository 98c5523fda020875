import { appendFile, copyFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import { startTestRoles, type TestRoles } from '../../helpers/servers/roles.ts';
import { FOR_EACH, useBackends, useFolder, useRedis, useRoles } from '../../helpers/servers/use.ts';
import { expectAccepted, upload } from '../../helpers/clients/uploads.ts';

const TEXT = 'The meeting is on Monday at nine.';
let worker: TestRoles | undefined;

const folder = useFolder();
const backends = useBackends();
const redis = useRedis();
const env = () => ({ ...backends.env, REDIS_URL: redis.url, BLOB_STORE: join(folder, 'blobs') });
const api = useRoles(['api'], env, FOR_EACH);

afterEach(() => worker?.close());

const original = (id: string) => join(folder, 'blobs', 'default', id);
const get = async <T>(path: string) => (await (await fetch(api.url + path)).json()) as T;
const job = (id: string) => get<Job>(`/api/jobs/${id}`);
async function ended(id: string): Promise<Job> {
  await expect.poll(async () => (await job(id)).status).toMatch(/completed|failed/);
  return job(id);
}
async function flipABit(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[15] = (bytes[15] as number) ^ 1;
  await writeFile(path, bytes);
}

test.each<[string, (path: string) => Promise<void>]>([
  ['a bit was flipped', flipABit],
  ['the end is missing', (path) => truncate(path, 20)],
  ['something was added', (path) => appendFile(path, ' Or not.')],
  ['another file took its place', (path) => writeFile(path, TEXT.replace('nine', 'five'))],
])('an original is indexed as it was uploaded, or not at all: %s', async (_, change) => {
  const id = await expectAccepted(await upload(api.url, TEXT));
  await change(original(id));
  worker = await startTestRoles(['worker'], env());
  expect(await ended(id)).toMatchObject({
    status: 'failed',
    message: 'Parsing failed',
    error: 'The stored file is not the one that was uploaded: its content has changed. Upload it again.',
    error_code: 'content_changed',
    retry_count: 0,
    attempt: 1,
  });
  expect((await fetch(`${api.url}/api/documents/${id}`)).status).toBe(404);
});

test('the job can be rerun once its original is restored', async () => {
  const id = await expectAccepted(await upload(api.url, TEXT));
  await copyFile(original(id), join(folder, 'copy'));
  await flipABit(original(id));
  worker = await startTestRoles(['worker'], env());
  expect(await ended(id)).toMatchObject({ error_code: 'content_changed' });
  await copyFile(join(folder, 'copy'), original(id));
  expect((await fetch(`${api.url}/api/jobs/${id}/retry`, { method: 'POST' })).status).toBe(200);
  expect(await ended(id)).toMatchObject({ status: 'completed', run: 2 });
});

test('a job that another program wrote, without a hash, is not held to one', async () => {
  const id = await expectAccepted(await upload(api.url, TEXT));
  const payload = {
    filename: 'x.txt',
    collection: 'papers',
    file_key: `default/${id}`,
    file_size: TEXT.length,
  };
  const write = async (job: string, size: number) => {
    const text = JSON.stringify({ ...payload, file_size: size });
    await redis.client.hset(`job:${job}`, { id: job, status: 'queued', payload: text });
    await redis.client.lpush('queue:document_upload', job);
  };
  await flipABit(original(id));
  await write('right', TEXT.length);
  await write('wrong', TEXT.length + 1);
  worker = await startTestRoles(['worker'], env());
  expect(await ended('right')).toMatchObject({ status: 'completed' });
  expect(await ended('wrong')).toMatchObject({ status: 'failed', error_code: 'content_changed' });
});
