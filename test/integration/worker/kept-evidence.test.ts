import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import { Availability } from '../../../src/worker/claim/availability.ts';
import { EndedRecovery } from '../../../src/worker/recovery/ended-recovery.ts';
import { runPipeline, type PipelineServices } from '../../../src/worker/run/pipeline.ts';
import { ProgressReporter } from '../../../src/worker/run/progress-reporter.ts';
import {
  age,
  blobs,
  claim,
  complete,
  fail,
  keys,
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
import { completeBy } from '../../helpers/stores/lines.ts';

useDeletion();
afterEach(() => vi.restoreAllMocks());

const isRecovered = async (epoch: string) => (await redis.client.get(keys.recovered)) === epoch;

test('an epoch counts as recovered only once every end has been repeated', async () => {
  for (const id of ['a', 'b']) {
    await upload(id);
    await fail(id);
    await blobs.ended.note(`default/${id}`, id, 'failed', 'older');
  }
  await redis.client.flushall();
  vi.spyOn(blobs.ended, 'read').mockRejectedValueOnce(new Error('EIO'));
  const ended = new EndedRecovery(services(), 500_000);
  await ended.sweep('newer', signal);
  expect(await isRecovered('newer')).toBe(false);
  await ended.sweep('newer', signal);
  expect(await isRecovered('newer')).toBe(true);
});

/** Runs the pipeline of a claimed job up to its first call of a processor. */
async function begin(job: ClaimedJob): Promise<void> {
  const away = () => Promise.reject(new Error('away'));
  const pipeline = {
    ...services(),
    processor: { forDocument: () => ({ parse: away }) },
    models: { ensureTakesPresent: async () => {} },
    availability: new Availability(),
  } as unknown as PipelineServices;
  const progress = new ProgressReporter(queue, job, () => {});
  await expect(runPipeline(job, pipeline, progress, signal)).rejects.toThrow('away');
  await progress.close();
}

describe('an upload that heals a document', () => {
  const up = (id: string) =>
    upload(id, { payload: { ...payloadOf(id), content_hash: 'x', on_duplicate: 'skip' } });
  beforeEach(async () => {
    await up('a');
    await completeBy(queue, await claim('a'));
    await redis.client.hset(keys.document('a'), 'missing_chunks', '7');
    await up('b');
  });

  test('keeps the document in its manifest', async () => {
    await begin(await claim('b'));
    expect((await blobs.manifest('default/b'))?.payload.document_id).toBe('a');
  });

  test('forgets it after a claim that was given back, because an edit made it another document', async () => {
    const job = await claim('b');
    await begin(job);
    await queue.release(job);
    await redis.client.hset(keys.document('a'), 'copy', 'of the edited metadata');
    await begin(await claim('b'));
    const manifest = await blobs.manifest('default/b');
    expect([manifest?.payload.document_id, manifest?.replaces]).toEqual([undefined, undefined]);
  });
});

test('the note of a deletion that failed expires, and the document stays', async () => {
  await upload('a');
  await complete('a');
  await blobs.ended.note('default/a', 'a', 'deleted', 'older');
  await store('b');
  await age();
  await sweep();
  expect(await blobs.ended.has('a', 'deleted')).toBe(false);
  expect(await redis.client.exists(keys.document('a'))).toBe(1);
});
