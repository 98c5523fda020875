import { copyFile, cp, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { KeywordIndex } from '../../../src/keywords-client/keyword-index.ts';
import { damage, keywordChunk as chunk, startTestKeywords } from '../../helpers/servers/keywords.ts';
import { FOR_EACH, use } from '../../helpers/servers/use.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const { signal } = new AbortController();
const index = use(startTestKeywords, FOR_EACH);
let client: KeywordIndex;
beforeEach(async () => {
  client = index.client();
  await client.markComplete(undefined, signal);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const store = (collection: string, generation = 'g1', count = 1) =>
  client.upsert(
    {
      collection,
      writes: [
        {
          document_id: 'a',
          generation,
          chunks: Array.from({ length: count }, (_, at) => chunk(at, 'walrus')),
        },
      ],
    },
    signal,
  );
const remove = (collection: string, generation = 'g1') =>
  client.deleteGeneration({ collection, documentId: 'a', generation }, signal);
const counts = async () =>
  (await client.collections(signal)).collections.map(({ name, chunk_count }) => [name, chunk_count]);

/** Sets the clock forward by some days. */
function pass(days: number) {
  const now = Date.now() + days * DAY_MS;
  vi.spyOn(Date, 'now').mockReturnValue(now);
}

test('counts of closed files come from the catalogue, and neither the start nor the list opens one', async () => {
  await store('docs', 'g1', 3);
  const [file = ''] = await index.files();
  client = await index.restart(() => damage(file));
  expect(await counts()).toEqual([['docs', 3]]);
  expect(index.logger.lines).toEqual([]);
  const asked = { collection: 'docs', query: 'walrus', limit: 10 };
  expect(await client.query(asked, signal)).toMatchObject({ hits: [], complete: false });
  expect(await counts()).toEqual([['docs', 0]]);
});

test('the count of a missing file is zero, though the catalogue has counted it', async () => {
  await store('docs', 'g1', 3);
  const [file = ''] = await index.files();
  client = await index.restart(() => rm(file));
  expect((await client.collections(signal)).collections).toEqual([
    { name: 'docs', chunk_count: 0, complete: false },
  ]);
});

test.each<[string, () => Promise<void>, number]>([
  ['a write', () => store('docs', 'g2', 4), 7],
  ['a deletion', () => remove('docs'), 0],
  ['a write that replaces chunks', () => store('docs', 'g1', 5), 5],
])('counts are true after a kill that follows %s', async (_, write, expected) => {
  await store('docs', 'g1', 3);
  client = await index.restart();
  expect(await counts()).toEqual([['docs', 3]]);
  await write();
  // A killed process leaves its files as they are now.
  await cp(index.folder, `${index.folder}-killed`, { recursive: true });
  client = await index.restart(async () => {
    await rm(index.folder, { recursive: true });
    await rename(`${index.folder}-killed`, index.folder);
  });
  expect(await counts()).toEqual([['docs', expected]]);
});

test('counts are true with more collections than open files, and a query finds each', async () => {
  const names = Array.from({ length: 110 }, (_, at) => `docs${String(at).padStart(3, '0')}`);
  for (const [at, name] of names.entries()) await store(name, 'g1', 1 + (at % 3));
  const expected = names.map((name, at) => [name, 1 + (at % 3)]);
  expect(await counts()).toEqual(expected);
  for (const [name, count] of expected)
    expect(
      (await client.query({ collection: String(name), query: 'walrus', limit: 10 }, signal)).hits,
    ).toHaveLength(Number(count));
  client = await index.restart();
  expect(await counts()).toEqual(expected);
});

test('an empty file stays while its tombstones refuse late writes, and then goes', async () => {
  await store('docs');
  await store('other');
  await remove('docs');
  pass(29);
  client = await index.restart();
  expect(await counts()).toEqual([
    ['docs', 0],
    ['other', 1],
  ]);
  await expect(store('docs')).rejects.toMatchObject({ code: 'dead_generation' });
  pass(2);
  expect(await counts()).toEqual([['other', 1]]);
  expect(await index.files()).toHaveLength(1);
  await store('docs', 'g2');
  expect(await counts()).toEqual([
    ['docs', 1],
    ['other', 1],
  ]);
});

test('an empty file that is damaged takes no other with it', async () => {
  await store('docs');
  const [file = ''] = await index.files();
  await remove('docs');
  await store('other');
  client = await index.restart(async () => {
    const database = new DatabaseSync(file);
    const roots = database
      .prepare("SELECT rootpage AS page FROM sqlite_schema WHERE name IN ('dead', 'generations')")
      .all();
    database.close();
    const handle = await open(file, 'r+');
    for (const { page } of roots)
      await handle.write(Buffer.alloc(4096, 0xff), 0, 4096, (Number(page) - 1) * 4096);
    await handle.close();
  });
  pass(31);
  expect((await client.collections(signal)).collections).toEqual([
    { name: 'docs', chunk_count: 0, complete: false },
    { name: 'other', chunk_count: 1, complete: true },
  ]);
});

test('the next start removes a file that the catalogue does not know, but none of another program', async () => {
  await store('docs');
  const [file = ''] = await index.files();
  const unknown = join(index.folder, `${'0'.repeat(32)}.sqlite`);
  client = await index.restart(async () => {
    await copyFile(file, unknown);
    await writeFile(`${unknown}-wal`, '');
    await writeFile(join(index.folder, 'photos.sqlite'), 'not ours');
  });
  const names = (await readdir(index.folder)).filter((name) => !name.startsWith('catalogue'));
  expect(names.toSorted()).toEqual([basename(file), 'photos.sqlite'].toSorted());
});
