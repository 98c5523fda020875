import { readdir } from 'node:fs/promises';
import { beforeEach, expect, test } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { expectAccepted, upload } from '../../helpers/clients/uploads.ts';
import { useModelRoles } from '../../helpers/servers/model-roles.ts';
import type { TestRoles } from '../../helpers/servers/roles.ts';

const GENEROUS = { timeout: 60_000, interval: 100 };
const keys = createKeys();
const FIRST = { model: 'first', dimensions: 64 };
const SECOND = { model: 'second', dimensions: 64 };
const LONGER = { model: 'first', dimensions: 65 };

const roles = useModelRoles();
const { redis } = roles;
let api: TestRoles;
let [collection, tests] = ['', 0];
beforeEach(async () => {
  collection = `lost${++tests}`;
  await roles.stop();
  roles.present(FIRST);
  api = await roles.startRole('api');
});

const get = async <T>(path: string) => (await (await fetch(api.url + path)).json()) as T;
const jobOf = (id: string) => get<Job>(`/api/jobs/${id}`);
const put = async (text: string) => expectAccepted(await upload(api.url, text, { collection }));
const reaches = (id: string, status: string) =>
  expect.poll(async () => (await jobOf(id)).status, GENEROUS).toBe(status);
const notes = async () => readdir(`${roles.folder}/blobs/.ends`, { recursive: true });

/** Uploads a document, and waits until its end is noted. */
async function complete(id: string): Promise<void> {
  await reaches(id, 'completed');
  await expect
    .poll(async () => (await notes()).some((name) => name.includes(`${id}.completed`)), GENEROUS)
    .toBe(true);
}

/** Copies Redis. @returns a function that restores the copy as another server */
async function copy() {
  const names = await redis.client.keys('*');
  const values = await Promise.all(names.map((name) => redis.client.dumpBuffer(name)));
  return async () => {
    await redis.client.flushall();
    for (const [i, name] of names.entries()) await redis.client.restore(name, 0, values[i] as Buffer);
    await redis.client.set(keys.server, 'other');
  };
}

/** Expects that the document's job waits without a counted retry, and that its original stays. */
async function expectWaiting(id: string): Promise<void> {
  await reaches(id, 'retrying');
  expect(await jobOf(id)).toMatchObject({ error_code: 'embedding_mismatch', retry_count: 0 });
  expect(await redis.client.zcard(keys.tombstones)).toBe(0);
  expect(await readdir(`${roles.folder}/blobs/default`)).toContain(id);
}

/** Sets the former model back, and expects the document. */
async function expectBack(id: string): Promise<void> {
  api = await roles.restartWith(FIRST);
  expect((await fetch(`${api.url}/api/jobs/${id}/retry`, { method: 'POST' })).ok).toBe(true);
  await reaches(id, 'completed');
  expect(await get(`/api/documents/${id}`)).toMatchObject({ id, model: 'first', chunk_count: 1 });
}

test('a document that an older Redis does not know waits for its model', async () => {
  await roles.startRole('worker');
  await complete(await put('Pears are green.'));
  const restore = await copy();
  const id = await put('Plums are blue.');
  await complete(id);
  await roles.stop();
  await restore();
  api = await roles.restartWith(SECOND);
  await expectWaiting(id);
  await expectBack(id);
});

test('a document whose job an older Redis holds as queued waits for its model', async () => {
  await roles.startRole('worker');
  await complete(await put('Pears are green.'));
  await roles.stop();
  api = await roles.startRole('api');
  const id = await put('Plums are blue.');
  const restore = await copy();
  await roles.startRole('worker');
  await complete(id);
  await roles.stop();
  await restore();
  api = await roles.restartWith(SECOND);
  await expectWaiting(id);
  await expectBack(id);
});

test('a document waits for the length of its vectors after Redis lost all data, even twice', async () => {
  await roles.startRole('worker');
  const id = await put('Pears are green.');
  await complete(id);
  for (let losses = 0; losses < 2; losses++) {
    await roles.stop();
    await redis.client.flushall();
    api = await roles.restartWith(LONGER);
    await expectWaiting(id);
  }
  await expectBack(id);
});
