import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { OrphanSweep } from '../../../src/worker/recovery/orphan-sweep.ts';
import {
  DAY_MS,
  aWeekLater,
  age,
  blobs,
  complete,
  fail,
  files,
  folder,
  keys,
  logger,
  noteEnds,
  payloadOf,
  queue,
  redis,
  services,
  TTL_SECONDS,
  signal,
  store,
  sweep,
  upload,
  useDeletion,
} from '../../helpers/stores/deletion.ts';

useDeletion();

/** Registers a document whose original is elsewhere. */
async function anyDocument(): Promise<void> {
  await redis.client.hset(keys.document('any'), { id: 'any', file_key: 'default/any' });
  await redis.client.zadd(keys.documents('default'), 1, 'any');
}

/** Marks the store as begun by this version, or by an older one. */
const installed = (from: 'empty' | 'older') =>
  writeFile(
    join(folder, 'installation.json'),
    JSON.stringify({ id: 'x', adopted_at: new Date().toISOString(), from }),
  );

test('an empty Redis, and one under another prefix, delete nothing however old it is', async () => {
  await installed('empty');
  for (const id of ['failed', 'done', 'waiting']) await upload(id);
  await fail('failed');
  await complete('done');
  await aWeekLater();
  const before = await files();
  await redis.client.flushall();
  await sweep();
  await sweep();
  expect(await files()).toEqual(before);
  expect(await files('trash')).toEqual([]);
});

test('a sweep restores the manifests of an older version that a document or a job explains', async () => {
  await installed('older');
  await upload('done');
  await complete('done');
  await upload('failed');
  await fail('failed');
  for (const id of ['done', 'failed']) await rm(join(folder, 'default', `${id}.json`));
  await age();
  await redis.client.del(keys.tombstones);
  await sweep();
  expect(await files()).toEqual(['done', 'done.json', 'failed', 'failed.json']);
  expect(await blobs.ended.ids()).toEqual(new Set(['done', 'failed']));
  expect(await blobs.manifest('default/done')).toMatchObject({
    job_id: 'done',
    payload: { file_key: 'default/done' },
  });
  // Neither is requeued, and the failed one expires as usual.
  expect(await redis.client.llen(keys.queue)).toBe(0);
  await aWeekLater();
  await sweep();
  expect(await files()).toEqual(['done', 'done.json']);
});

test('unexplained files go to the trash, and a sweep deletes them after some days', async () => {
  await installed('older');
  const [older, torn] = [randomUUID(), randomUUID()];
  for (const id of [older, torn, 'by hand']) await store(id);
  await writeFile(join(folder, 'default', `${torn}.json`), '{"job_id":');
  await age();
  // A Redis that knows nothing at all may be the wrong one: it explains nothing.
  await sweep();
  expect((await files()).length).toBe(4);
  await anyDocument();
  const { trashed } = services();
  await new OrphanSweep({ ...services(), trashed }, 7, TTL_SECONDS * 1000).sweep(signal);
  expect(await files()).toEqual([]);
  const [day = ''] = await files('trash');
  expect(await files(join('trash', day, 'default'))).toEqual([older, torn, `${torn}.json`, 'by hand'].sort());
  expect((await trashed.get()).values[0]?.value).toBe(3);
  expect(logger.lines.filter((line) => line.includes('is in the trash')).length).toBe(3);
  const moveTo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
  for (const days of [7, 9]) await mkdir(join(folder, 'trash', moveTo(days)));
  await sweep();
  expect(await files('trash')).toEqual([moveTo(7), day]);
});

test('without a manifest a sweep deletes only an upload that was cut off, after a day', async () => {
  await installed('empty');
  const [cutOff, young] = [randomUUID(), randomUUID()];
  await store(cutOff);
  await writeFile(join(folder, 'default', `${cutOff}.json`), '');
  await store('by hand');
  await mkdir(join(folder, 'default', 'left.checkpoint'));
  await anyDocument();
  await age(2);
  await store(young);
  await sweep();
  expect(await files()).toEqual([young]);
  const [day = ''] = await files('trash');
  expect(await files(join('trash', day, 'default'))).toEqual(['by hand']);
});

test('a sweep removes the checkpoint of a document whose reindex job Redis has lost', async () => {
  for (const id of ['kept', 'runs', 'failed']) {
    await upload(id);
    if (id === 'failed') await fail(id);
    else await complete(id);
  }
  await noteEnds();
  for (const id of ['kept', 'runs', 'failed']) await mkdir(join(folder, 'default', `${id}.checkpoint`));
  await queue.enqueue('reindex', 'default', payloadOf('reindex', 'runs'));
  await age(2);
  await sweep();
  const left = (await files()).filter((name) => name.endsWith('.checkpoint'));
  expect(left).toEqual(['failed.checkpoint', 'runs.checkpoint']);
});

test('a sweep that would move more than a hundred files moves none, and says so', async () => {
  await installed('older');
  await anyDocument();
  for (let i = 0; i <= 100; i++) await store(randomUUID());
  await age();
  await sweep();
  expect((await files()).length).toBe(101);
  expect(logger.lines.join()).toContain('none is moved');
  await rm(join(folder, 'default', (await files())[0] as string));
  await sweep();
  expect(await files()).toEqual([]);
});

test('sweeps delete and move nothing while a backup runs', async () => {
  await installed('empty');
  await upload('failed');
  await fail('failed');
  await store(randomUUID());
  await aWeekLater();
  await redis.client.set(keys.deletesPaused, 'a backup');
  await sweep();
  expect((await files()).length).toBe(3);
  await redis.client.del(keys.deletesPaused);
  await sweep();
  expect(await files()).toEqual([]);
});

test('files outside the folders of tenants are left alone', async () => {
  await installed('empty');
  await writeFile(join(folder, 'README'), 'x');
  for (const name of ['.snapshot', 'lost+found']) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, randomUUID()), 'x');
  }
  await age();
  await sweep();
  expect(await readdir(folder)).toEqual(['.snapshot', 'README', 'installation.json', 'lost+found']);
});
