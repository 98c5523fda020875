import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { CollectionFile } from '../../../src/keywords/collection-file.ts';
import { QueryThreads } from '../../../src/keywords/query-threads.ts';

let folder: string;
let threads: QueryThreads;
let released: FileHandle[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-threads-'));
  threads = new QueryThreads();
  released = [];
  const file = CollectionFile.create(join(folder, 'docs.sqlite'));
  const chunks = [{ index: 0, language: 'english', tokens: 'walrus' }] as const;
  file.upsert([{ document_id: 'a', generation: 'g1', chunks }]);
  file.close();
  await promisify(execFile)('mkfifo', [join(folder, 'pipe0'), join(folder, 'pipe1')]);
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all([release(0), release(1)]);
  await threads.close();
  await Promise.all(released.map((pipe) => pipe.close()));
  await rm(folder, { recursive: true });
});

const run = (name: string) =>
  threads.run({ path: join(folder, name), revision: 0, chunkCount: 1, tokens: ['walrus'], limit: 10 });
const found = { tokens: ['walrus'], hits: [expect.objectContaining({ document_id: 'a' })] };

/** Starts a query whose thread hangs on opening a pipe. The release of the pipe makes the query fail. */
const hang = (pipe: number) => run(`pipe${pipe}`).catch((error: unknown) => error);
async function release(pipe: number) {
  released.push(await open(join(folder, `pipe${pipe}`), 'r+'));
}

test('a query that takes long delays no other', async () => {
  const query = hang(0);
  for (let queries = 0; queries < 3; queries++) expect(await run('docs.sqlite')).toEqual(found);
  await release(0);
  expect(await query).toMatchObject({ errcode: expect.any(Number) as number });
});

test('a query past its deadline fails, also while it waits, and its thread later serves others', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const hanging = [hang(0), hang(1)];
  const waiting = run('docs.sqlite').catch((error: unknown) => error);
  vi.advanceTimersByTime(5000);
  for (const query of [...hanging, waiting]) expect(await query).toMatchObject({ code: 'busy' });
  await release(0);
  expect(await run('docs.sqlite')).toEqual(found);
});

test('the index refuses the last of too many concurrent queries, and the others succeed', async () => {
  const queries = Array.from({ length: 102 }, () => run('docs.sqlite'));
  await expect(run('docs.sqlite')).rejects.toMatchObject({ code: 'busy' });
  expect(new Set((await Promise.all(queries)).map(({ hits }) => hits.length))).toEqual(new Set([1]));
});

test('a query waits while a file is locked', async () => {
  // Starts the thread, so that the query meets the lock.
  await run('absent.sqlite').catch(() => {});
  // A closing and a recovering connection hold such a lock for some ms.
  const other = new DatabaseSync(join(folder, 'docs.sqlite'));
  other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; INSERT INTO languages VALUES (1); COMMIT');
  const query = run('docs.sqlite').catch((error: unknown) => error);
  await delay(300);
  other.close();
  expect(await query).toEqual(found);
});

test('a query after the end starts no thread', async () => {
  await threads.close();
  await expect(run('docs.sqlite')).rejects.toMatchObject({ code: 'busy' });
});
