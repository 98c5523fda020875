import { createHash } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { readdirSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { BlobStore } from '../../../src/blobs/blob-store.ts';
import { BlobChangedError, verifyContent } from '../../../src/blobs/verify-content.ts';

const KEY = 'default/a';
/** Longer than one read of a file. */
const original = Buffer.alloc(300_000, 'An original. ');
const size = original.length;
const contentHash = createHash('sha256').update(original).digest('hex');
let root: string;
let path: string;
let blobs: BlobStore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-verify-'));
  path = join(root, KEY);
  blobs = new BlobStore(root);
  await mkdir(join(root, 'default'));
  await writeFile(path, original);
});
afterEach(() => rm(root, { recursive: true }));

const openFiles = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false;
    }
  });
const read = async (known: Parameters<BlobStore['read']>[1]) => buffer((await blobs.read(KEY, known)).stream);

async function flipLastByte(): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(Buffer.of(0), 0, 1, size - 1);
  await file.close();
}

test.each([
  ['all of it', { size, contentHash }],
  ['a hash in capitals', { size, contentHash: contentHash.toUpperCase() }],
  ['its size', { size }],
  ['nothing', {}],
])('an original of which %s is known reads as it is', async (_, known) => {
  expect(await read(known)).toEqual(original);
  await expect.poll(openFiles).toEqual([]);
});

test.each<[string, () => Promise<void>]>([
  ['one byte differs', flipLastByte],
  ['it was cut short', () => truncate(path, size - 1)],
  ['it was emptied', () => truncate(path, 0)],
  ['it has grown', () => appendFile(path, '!')],
  ['another file of its size stands in its place', () => writeFile(path, original.toReversed())],
])('an original is not taken for what was uploaded when %s', async (_, change) => {
  await change();
  await expect(read({ size, contentHash })).rejects.toThrow(BlobChangedError);
  await expect(read({ contentHash })).rejects.toThrow(BlobChangedError);
  await expect.poll(openFiles).toEqual([]);
});

test('the size alone is compared where another program wrote no hash', async () => {
  await flipLastByte();
  expect(await read({ size })).toHaveLength(size);
  await appendFile(path, '!');
  await expect(read({ size })).rejects.toThrow(BlobChangedError);
  expect(await read({})).toHaveLength(size + 1);
});

test.each([
  ['grows', 'abc'],
  ['shrinks', 'a'],
])(
  'a file that %s while it is read is noticed, and gives no byte more than was announced',
  async (_, now) => {
    const known = { contentHash: createHash('sha256').update('ab').digest('hex') };
    for (const [about, error] of [
      [known, BlobChangedError],
      [{}, Error],
    ] as const) {
      const given: string[] = [];
      const stream = Readable.from(Array.from(Buffer.from(now), (byte) => Buffer.of(byte))).pipe(
        verifyContent(2, about),
      );
      const whole = (async () => {
        for await (const bytes of stream) given.push(String(bytes));
      })();
      await expect(whole).rejects.toThrow(error);
      expect(given.join('').length).toBeLessThanOrEqual(2);
    }
  },
);

test('a reader that stops early gets no error, and leaves no file open', async () => {
  const errors: unknown[] = [];
  const open = async () => {
    const { stream } = await blobs.read(KEY, { size, contentHash });
    return stream.on('error', (error) => errors.push(error));
  };
  for await (const _ of await open()) break;
  (await open()).destroy();
  await expect.poll(openFiles).toEqual([]);
  expect(errors.filter((error) => error instanceof BlobChangedError)).toEqual([]);
});
