import { createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test, vi } from 'vitest';

import { BlobStream } from '../../../src/blobs/blob-stream.ts';

async function store(pieces: readonly Buffer[]) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-blob-'));
  const path = join(folder, 'blob');
  const file = await open(path, 'wx');
  const writes = vi.spyOn(file, 'writeFile');
  const stream = new BlobStream(Promise.resolve(file));
  await pipeline(Readable.from(pieces), stream);
  await file.close();
  const stored = await readFile(path);
  await rm(folder, { recursive: true });
  return { stored, writes: writes.mock.calls.length, digest: stream.digest() };
}

test.each([
  ['nothing', []],
  ['single bytes', Array<number>(40_000).fill(1)],
  ['pieces of all sizes', [5, 16_384, 1, 16_383, 1, 20_000, 16_380, 5, 100_000, 7]],
])('a blob of %s is stored and hashed in order', async (_what, sizes) => {
  const pieces = sizes.map((size, index) => Buffer.alloc(size, index));
  const whole = Buffer.concat(pieces);
  const { stored, digest } = await store(pieces);
  expect(stored.equals(whole)).toBe(true);
  const contentHash = createHash('sha256').update(whole).digest('hex');
  expect(digest).toEqual({ size: whole.length, contentHash });
});

test('an upload that arrives byte by byte costs a write per 16 KiB', async () => {
  const { writes } = await store(Array.from({ length: 40_000 }, () => Buffer.from('x')));
  expect(writes).toBe(3);
});

test('a file that cannot be opened, or written, fails the stream', async () => {
  const failure = new Error('EROFS');
  const closed = new BlobStream(Promise.reject(failure));
  await expect(pipeline(Readable.from([Buffer.from('x')]), closed)).rejects.toBe(failure);
  const full = { writeFile: () => Promise.reject(failure) };
  const stream = new BlobStream(Promise.resolve(full as never));
  await expect(pipeline(Readable.from([Buffer.from('x')]), stream)).rejects.toBe(failure);
});
