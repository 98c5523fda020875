import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, expect, test } from 'vitest';

import { CATALOGUE_FILE } from '../../../src/keywords/catalogue.ts';
import { KeywordIndex } from '../../../src/keywords-client/keyword-index.ts';
import { damage, keywordChunk as chunk, startTestKeywords } from '../../helpers/servers/keywords.ts';
import { FOR_EACH, use } from '../../helpers/servers/use.ts';

const MAIN = resolve(import.meta.dirname, '../../../src/main.ts');
const { signal } = new AbortController();
const index = use(startTestKeywords, FOR_EACH);
let client: KeywordIndex;

const store = (collection: string, generation = 'g1') =>
  client.upsert(
    { collection, writes: [{ document_id: 'a', generation, chunks: [chunk(0, 'walrus')] }] },
    signal,
  );
const look = async (collection: string) => {
  const { hits, complete } = await client.query({ collection, query: 'walrus', limit: 10 }, signal);
  return [hits.length, complete];
};

/** Fills an index of two collections, and marks it as complete. @returns the file of the first */
beforeEach(async () => {
  client = index.client();
  await store('first');
  [file = ''] = await index.files();
  await store('second');
  await client.markComplete(undefined, signal);
});
let file: string;

const LOSSES: [string, () => unknown][] = [
  ['is missing', () => rm(file)],
  ['is no database', () => damage(file)],
  ['is empty', () => open(file, 'w').then((handle) => handle.close())],
  [
    'has another version',
    () => {
      const database = new DatabaseSync(file);
      database.exec("UPDATE version SET version = 'older'");
      database.close();
    },
  ],
  [
    'is another program’s',
    () => {
      const database = new DatabaseSync(file);
      database.exec('DROP TABLE version');
      database.close();
    },
  ],
];

test.each(LOSSES)(
  'a collection whose file %s begins anew, and is complete once it is filled',
  async (_, lose) => {
    client = await index.restart(lose);
    expect(await look('first')).toEqual([0, false]);
    expect(await look('second')).toEqual([1, true]);
    const { complete, collections } = await client.collections(signal);
    expect([complete, ...collections]).toEqual([
      true,
      { name: 'first', chunk_count: 0, complete: false },
      { name: 'second', chunk_count: 1, complete: true },
    ]);
    await store('first');
    await client.markComplete('first', signal);
    expect(await look('first')).toEqual([1, true]);
    client = await index.restart();
    expect(await look('first')).toEqual([1, true]);
  },
);

test('a file that is damaged inside begins anew at the call that finds it', async () => {
  const text = 'walrus penguin albatross seal harbour lighthouse '.repeat(20);
  const chunks = Array.from({ length: 400 }, (_, at) => chunk(at, text));
  await client.upsert(
    { collection: 'first', writes: [{ document_id: 'b', generation: 'g1', chunks }] },
    signal,
  );
  client = await index.restart(async () => {
    const { size } = await stat(file);
    const handle = await open(file, 'r+');
    // Leaves the header and the schema.
    for (let at = 8 * 4096; at + 4096 <= size; at += 4096)
      await handle.write(Buffer.alloc(4096, 0xff), 0, 4096, at);
    await handle.close();
  });
  await store('first', 'g2');
  await client.query({ collection: 'first', query: 'walrus', limit: 1000 }, signal);
  expect(await look('first')).toEqual([expect.any(Number), false]);
  expect(index.logger.lines.join()).toMatch(/a file of the keyword index is damaged/);
  await store('first', 'g3');
});

test.each<[string, () => Promise<unknown>]>([
  ['a query', () => look('first')],
  ['a list', () => client.collections(signal)],
])('an open file that someone removes begins anew at %s', async (_, call) => {
  for (const suffix of ['', '-wal', '-shm']) await rm(file + suffix, { force: true });
  await call();
  expect(await look('first')).toEqual([0, false]);
  await store('first');
  await client.markComplete('first', signal);
  client = await index.restart();
  expect(await look('first')).toEqual([1, true]);
  expect(await look('second')).toEqual([1, true]);
});

test.each([
  ['without its catalogue', () => rm(join(index.folder, CATALOGUE_FILE))],
  ['with a damaged catalogue', () => damage(join(index.folder, CATALOGUE_FILE))],
  ['without its folder', () => rm(index.folder, { recursive: true })],
])('an index %s begins anew, and is incomplete', async (_, lose) => {
  client = await index.restart(lose);
  expect(await client.collections(signal)).toEqual({ complete: false, collections: [] });
  expect(await look('second')).toEqual([0, false]);
  await store('second');
  expect(await look('second')).toEqual([1, false]);
});

test('a killed process has kept each acknowledged write', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-keywords-'));
  const start = async () => {
    const child = spawn(process.execPath, [MAIN, 'keywords'], {
      env: { ...process.env, PORT: '0', DATA_DIR: dataDir },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let printed = '';
    child.stderr?.on('data', (text: Buffer) => (printed += text.toString()));
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    const own = new KeywordIndex(`http://127.0.0.1:${port}`, {
      secret: undefined,
      installation: () => 'one',
    });
    return { child, own, printed: () => printed };
  };
  const kill = async ({ child, own }: Awaited<ReturnType<typeof start>>) => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    await own.close();
  };
  try {
    const first = await start();
    let acknowledged = 0;
    const writing = (async () => {
      for (let at = 0; ; at++) {
        const chunks = [chunk(at, 'walrus')];
        await first.own.upsert(
          { collection: 'docs', writes: [{ document_id: 'a', generation: 'g1', chunks }] },
          signal,
        );
        acknowledged = at + 1;
      }
    })().catch(() => {});
    await first.own.deleteGeneration({ collection: 'docs', documentId: 'b', generation: 'g1' }, signal);
    await expect.poll(() => acknowledged).toBeGreaterThan(20);
    await kill(first);
    await writing;

    expect((await stat(join(dataDir, 'keywords'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(dataDir, 'keywords', CATALOGUE_FILE))).mode & 0o777).toBe(0o600);
    const second = await start();
    const [count = 0] = await second.own.countStored('docs', [{ id: 'a', generation: 'g1' }], signal);
    expect(count - acknowledged).toBeOneOf([0, 1]);
    const write = { document_id: 'b', generation: 'g1', chunks: [chunk(0, 'walrus')] };
    const late = { collection: 'docs', writes: [write] };
    await expect(second.own.upsert(late, signal)).rejects.toMatchObject({ code: 'dead_generation' });
    await kill(second);
    expect(first.printed() + second.printed()).toBe('');
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
