import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import type { Manifest } from '../../../src/blobs/manifest.ts';
import { EndedRecovery } from '../../../src/worker/recovery/ended-recovery.ts';
import { TombstoneSweep } from '../../../src/worker/recovery/tombstone-sweep.ts';
import { UploadRecovery } from '../../../src/worker/recovery/upload-recovery.ts';
import {
  DAY_MS,
  TTL_SECONDS,
  aWeekLater,
  age,
  blobs,
  claim,
  complete,
  fail,
  files,
  folder,
  keys,
  noteEnds,
  payloadOf,
  queue,
  redis,
  services,
  signal,
  store,
  sweep,
  upload,
  useDeletion,
} from '../../helpers/stores/deletion.ts';

useDeletion();

test('a sweep deletes an original by the tombstone of the script that ended its job', async () => {
  await upload('failed');
  await fail('failed');
  await upload('cancelled');
  await queue.cancel('cancelled');
  await upload('stalled');
  await claim('stalled');
  await redis.client.zadd(keys.leases, 1, 'stalled');
  await redis.client.set(keys.swept, Date.now());
  await queue.expireLeases();
  await upload('completed');
  await complete('completed');
  await upload('waiting');
  const due = await redis.client.zrange(keys.tombstones, '0', '-1', 'WITHSCORES');
  expect(due.filter((_, i) => i % 2 === 0).map((entry) => (JSON.parse(entry) as string[])[0])).toEqual(
    expect.arrayContaining(['failed', 'cancelled', 'stalled']),
  );
  expect(Number(due[1])).toBeGreaterThan(Date.now() + (TTL_SECONDS - 60) * 1000);
  // No tombstone is due yet.
  await noteEnds();
  await sweep();
  expect((await files()).length).toBe(10);
  await aWeekLater();
  await sweep();
  expect(await files()).toEqual(['completed', 'completed.json', 'waiting', 'waiting.json']);
  expect(await blobs.ended.ids()).toEqual(new Set(['completed']));
  expect(await redis.client.zcard(keys.tombstones)).toBe(0);
});

test('a rerun job has no tombstone', async () => {
  await upload('a');
  await fail('a');
  await queue.rerun('a', 1);
  expect(await redis.client.zcard(keys.tombstones)).toBe(0);
});

test('an original that cannot be deleted does not keep the others', async () => {
  await upload('failed');
  await fail('failed');
  await mkdir(join(folder, 'default', 'folder'));
  await queue.enqueue('foreign', 'default', payloadOf('foreign', 'folder'));
  await queue.cancel('foreign');
  await noteEnds();
  for (const tombstone of await redis.client.zrange(keys.tombstones, '0', '-1'))
    await redis.client.zadd(keys.tombstones, tombstone.includes('foreign') ? 1 : 2, tombstone);
  await redis.client.del(keys.job('failed'), keys.job('foreign'));
  await new TombstoneSweep(services()).sweep(signal);
  expect(await files()).toEqual(['folder']);
  const [left] = await redis.client.zrange(keys.tombstones, '0', '-1', 'WITHSCORES');
  expect(left).toContain('foreign');
});

test('the tombstone of an earlier run, in an older copy of Redis, deletes no original and keeps no document away', async () => {
  for (const id of ['completed', 'promised']) {
    await upload(id);
    await fail(id);
  }
  const older = await redis.client.zrange(keys.tombstones, '0', '-1');
  for (const id of ['completed', 'promised']) {
    const { payload } = (await blobs.manifest(`default/${id}`)) as Manifest;
    await blobs.restoreManifest(`default/${id}`, { job_id: id, tenant: 'default', payload, run: 2 });
  }
  await blobs.ended.note('default/completed', 'completed', 'completed', 'later');
  await redis.client.flushall();
  for (const tombstone of older) await redis.client.zadd(keys.tombstones, 1, tombstone);
  await age();
  const recovery = new EndedRecovery(services(), TTL_SECONDS * 1000);
  await recovery.sweep('older', signal);
  await new UploadRecovery(services()).sweep(signal);
  expect((await redis.client.lrange(keys.queue, 0, -1)).sort()).toEqual(['completed', 'promised']);

  // A sweep may come before any of them.
  await blobs.ended.note('default/completed', 'completed', 'completed', 'later');
  await redis.client.flushall();
  for (const tombstone of older) await redis.client.zadd(keys.tombstones, 1, tombstone);
  await sweep();
  expect((await files()).filter((name) => !name.endsWith('.json'))).toEqual(['completed', 'promised']);
});

test('a tombstone that is due deletes nothing that a document, a job or another upload needs', async () => {
  await upload('document');
  await complete('document');
  await upload('running');
  await claim('running');
  await upload('other');
  // Another program made jobs of the same originals, and they failed.
  for (const [id, file] of [
    ['g1', 'document'],
    ['g2', 'running'],
    ['g3', 'other'],
  ] as const) {
    await queue.enqueue(id, 'default', payloadOf(id, file));
    await queue.cancel(id);
  }
  await aWeekLater();
  await sweep();
  expect((await files()).filter((name) => !name.endsWith('.json'))).toEqual(['document', 'other', 'running']);
});

test("an original stays that only another job's document owns, or only its manifest claims", async () => {
  await upload('shared');
  await fail('shared');
  await queue.enqueue('guest', 'default', payloadOf('guest', 'shared'));
  await complete('guest', 'guest', 'shared');
  await aWeekLater();
  // Redis has forgotten this upload, and knows a job of its original that another program made.
  await upload('forgotten');
  await redis.client.del(keys.job('forgotten'), keys.active, keys.queue);
  await queue.enqueue('g', 'default', payloadOf('g', 'forgotten'));
  await queue.cancel('g');
  for (const tombstone of await redis.client.zrange(keys.tombstones, '0', '-1'))
    await redis.client.zadd(keys.tombstones, 1, tombstone);
  await new TombstoneSweep(services()).sweep(signal);
  expect(await files()).toEqual(['forgotten', 'forgotten.json', 'shared', 'shared.json']);
});

test("a document's former original is deleted, the present one is not", async () => {
  for (const id of ['first', 'second']) {
    const payload = { ...payloadOf(id), document_id: 'd' };
    await upload(id, { payload });
    await complete(id, 'd', id);
  }
  await aWeekLater();
  await sweep();
  expect(await files()).toEqual(['second', 'second.json']);
});

test('an upload that was refused, or ended without a note, is not requeued', async () => {
  await upload('refused');
  await queue.withdraw('refused', 'default', 'papers', undefined);
  await upload('cancelled');
  await queue.cancel('cancelled');
  await redis.client.del(keys.job('cancelled'));
  await noteEnds();
  expect(await redis.client.llen(keys.queue)).toBe(0);
  await sweep();
  expect(await files()).toEqual(['cancelled', 'cancelled.json']);
});

test('a clock that was set back neither blocks the recovery of an upload nor deletes one early', async () => {
  await upload('forgotten');
  await upload('ended');
  await claim('forgotten');
  await fail('ended');
  await store('unexplained');
  await noteEnds();
  const before = await files();
  await redis.client.del(keys.job('forgotten'), keys.job('ended'));
  const anHourAhead = -1 / 24;
  await age(anHourAhead);
  for (const tombstone of await redis.client.zrange(keys.tombstones, '0', '-1'))
    await redis.client.zadd(keys.tombstones, Date.now() - anHourAhead * DAY_MS, tombstone);
  await new UploadRecovery(services()).sweep(signal);
  await sweep();
  expect((await services().store.read('default', 'forgotten'))?.status).toBe('queued');
  expect(await services().store.read('default', 'ended')).toBeUndefined();
  expect(await files()).toEqual(before);
  expect(await files('trash')).toEqual([]);
});
