import { afterEach, expect, test, vi } from 'vitest';

import { UploadRecovery } from '../../../src/worker/recovery/upload-recovery.ts';
import { age, blobs, fail, services, signal, upload, useDeletion } from '../../helpers/stores/deletion.ts';

useDeletion();
afterEach(() => vi.restoreAllMocks());

test('a sweep of manifests does not rest longer because it had much to settle', async () => {
  let now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const note = blobs.ended.note.bind(blobs.ended);
  vi.spyOn(blobs.ended, 'note').mockImplementation(async (...given) => {
    now += 60_000;
    await note(...given);
  });
  const recovery = new UploadRecovery(services());
  await upload('a');
  await fail('a');
  await age();
  await recovery.sweep(signal);
  expect(await blobs.ended.has('a', 'failed')).toBe(true);

  await upload('b');
  await fail('b');
  await age();
  now += 10_000;
  await recovery.sweep(signal);
  expect(await blobs.ended.has('b', 'failed')).toBe(true);
});
