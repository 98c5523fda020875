import { expect, test, vi } from 'vitest';

import { InstallationError } from '../../../src/installation/installation-error.ts';
import { BlobNotFoundError } from '../../../src/blobs/blob-paths.ts';
import { openOriginal, suspectingStore } from '../../../src/blobs/open-original.ts';

const never = new AbortController().signal;
const missing = async () => {
  throw new BlobNotFoundError('the file is no longer in the store');
};
const proved = { proveBlobs: async () => {} };
const strange = {
  proveBlobs: async () => {
    throw new InstallationError('not mounted');
  },
};

test('a file that is missing in a store that is not proved says nothing about its job', async () => {
  await expect(openOriginal(strange, missing, 0, never)).rejects.toBeInstanceOf(InstallationError);
});

test('a proved store is looked into twice, and proved each time', async () => {
  const look = vi.fn(missing);
  const proveBlobs = vi.fn(proved.proveBlobs);
  await expect(openOriginal({ proveBlobs }, look, 0, never)).rejects.toBeInstanceOf(BlobNotFoundError);
  expect([look.mock.calls.length, proveBlobs.mock.calls.length]).toEqual([2, 2]);

  const found = vi.fn(missing).mockRejectedValueOnce(new BlobNotFoundError('late'));
  found.mockResolvedValueOnce('the original' as never);
  expect(await openOriginal(proved, found as () => Promise<unknown>, 0, never)).toBe('the original');
});

test('what a file system answers is the fault of a store that is not proved', async () => {
  const failure = Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'read' });
  const read = () => Promise.reject(failure);
  await expect(suspectingStore(strange, read)).rejects.toBeInstanceOf(InstallationError);
  await expect(suspectingStore(proved, read)).rejects.toBe(failure);
  const other = new TypeError('ours');
  await expect(suspectingStore(strange, () => Promise.reject(other))).rejects.toBe(other);
});
