import { execFileSync } from 'node:child_process';
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChromaClient } from 'chromadb';
import { Redis } from 'ioredis';
import { beforeAll, describe, expect, test, vi } from 'vitest';

import { VectorStore } from '../../../src/documents/vector-store.ts';
import { respondsOverHttp, ManagedProcess } from '../../helpers/servers/managed-process.ts';
import { withPassword } from '../../helpers/servers/embedded-redis.ts';
import { freePort } from '../../helpers/servers/redis.ts';
import { eventually, type Program, SupervisedFolder } from '../../helpers/servers/supervised.ts';
import { use } from '../../helpers/servers/use.ts';

vi.setConfig({ testTimeout: 200_000, hookTimeout: 200_000 });
const KEYS = 2000;
const CHROMA = fileURLToPath(new URL('cli.mjs', import.meta.resolve('chromadb')));

const backend = (program: Program, name: string) => new RegExp(`${name}\\s+(\\S+)`).exec(program.stdout)![1]!;
const redisUrl = (program: Program, { path }: SupervisedFolder) =>
  withPassword(backend(program, 'redis'), path);

/** Overwrites bytes of a file, by default in its middle. */
function damage(path: string, bytes = 64, from = Math.floor(readFileSync(path).length / 2)): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(bytes, 'Z'), 0, bytes, from);
  closeSync(file);
}

async function fillRedis(url: string): Promise<void> {
  const redis = new Redis(url);
  const keys = Array.from({ length: KEYS }, (_, i) => [`key:${i}`, `value ${i}`]);
  await redis.mset(keys.flat());
  for (const [key = ''] of keys) await redis.append(key, '!');
  redis.disconnect();
}

async function countKeys(url: string): Promise<number> {
  const redis = new Redis(url);
  const count = await redis.dbsize();
  redis.disconnect();
  return count;
}

async function fillChroma(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const client = new ChromaClient({ host: hostname, port: Number(port) });
  const collection = await client.createCollection({ name: 'papers', embeddingFunction: null });
  const ids = Array.from({ length: 500 }, (_, i) => `chunk ${i}`);
  const embeddings = ids.map((_, i) => Array.from({ length: 32 }, (_, j) => Math.sin(i * j)));
  await collection.add({ ids, embeddings, documents: ids });
}

describe('an append-only file of Redis', () => {
  const appendOnly = (folder: SupervisedFolder, end: string) => {
    const dir = join(folder.path, 'redis', 'appendonlydir');
    return join(
      dir,
      readdirSync(dir).find((name) => name.endsWith(end))!,
    );
  };

  test('that is damaged ends the start with its name, the reason and the repair; repaired, it starts', async () => {
    await using folder = new SupervisedFolder();
    const first = folder.start();
    await first.ready();
    await fillRedis(redisUrl(first, folder));
    await first.stop();
    damage(appendOnly(folder, '.incr.aof'));

    const second = folder.start();
    expect(await second.exited).toBe(1);
    const manifest = appendOnly(folder, '.manifest');
    expect(second.stdout).toBe('');
    expect(second.stderr).toContain('redis does not start');
    expect(second.stderr).toMatch(/it says +Bad file format reading the append only file \S+\.incr\.aof/);
    expect(second.stderr).toContain(join(folder.path, 'logs', 'redis.log'));
    expect(second.stderr).toContain(`redis-check-aof --fix ${manifest}`);
    expect(folder.survivors()).toEqual([]);

    execFileSync('redis-check-aof', ['--fix', manifest], { input: 'y\n' });
    const third = folder.start();
    await third.ready();
    expect(await countKeys(redisUrl(third, folder))).toBe(KEYS);
  });

  test('whose list of files is garbage is named, too', async () => {
    await using folder = new SupervisedFolder();
    const first = folder.start();
    await first.ready();
    await first.stop();
    writeFileSync(appendOnly(folder, '.manifest'), 'garbage\n');
    const second = folder.start();
    expect(await second.exited).toBe(1);
    expect(second.stderr).toMatch(/it says +Invalid AOF manifest file format/);
  });

  test('of which only the tail is cut off starts', async () => {
    await using folder = new SupervisedFolder();
    const first = folder.start();
    await first.ready();
    await fillRedis(redisUrl(first, folder));
    await first.stop();
    const path = appendOnly(folder, '.incr.aof');
    truncateSync(path, readFileSync(path).length - 3);
    const second = folder.start();
    await second.ready();
    expect(await countKeys(redisUrl(second, folder))).toBe(KEYS);
  });
});

describe("Chroma's database", () => {
  const folder = use(() => new SupervisedFolder());
  let database: string;
  let healthy: Buffer;

  beforeAll(async () => {
    database = join(folder.path, 'chroma', 'chroma.sqlite3');
    const first = folder.start();
    await first.ready();
    await fillChroma(backend(first, 'chroma'));
    await first.stop();
    healthy = readFileSync(database);
  });

  const damages: Record<string, () => void> = {
    'is garbage': () => writeFileSync(database, Buffer.alloc(healthy.length, 'Z')),
    'is cut off': () => truncateSync(database, healthy.length / 2),
    // Chroma starts on this one, and its heartbeat succeeds.
    'is damaged in its middle': () => damage(database, 100_000),
  };

  test.each(Object.keys(damages))('that %s is named with its repair, and the others run', async (name) => {
    writeFileSync(database, healthy);
    damages[name]!();
    const program = folder.start();
    await program.ready();
    expect(program.stdout).toMatch(/chroma .*away/);
    expect(program.stderr).toContain('chroma does not start');
    expect(program.stderr).toMatch(/it says +.*chroma\.sqlite3 cannot be read: \S+/);
    expect(program.stderr).toContain(`move ${join(folder.path, 'chroma')} away`);
    expect(program.stderr.match(/ended unexpectedly/g)).toHaveLength(4);
    await eventually(() => folder.children()['worker']);
    expect(await program.stop()).toBe(0);
    expect(folder.survivors()).toEqual([]);
  });

  test('that is damaged while it runs fails calls with a code of its own', async () => {
    writeFileSync(database, healthy);
    // Overwrites the list of collections.
    damage(database, 40_000, 20_000);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const chroma = new ManagedProcess({
      name: 'chroma',
      command: process.execPath,
      args: [
        CHROMA,
        'run',
        '--path',
        join(folder.path, 'chroma'),
        '--host',
        '127.0.0.1',
        '--port',
        `${port}`,
      ],
      logFile: join(folder.path, 'unchecked.log'),
      responds: () => respondsOverHttp(`${url}/api/v2/heartbeat`),
    });
    try {
      await chroma.up();
      const heartbeat = new VectorStore(url).heartbeat(AbortSignal.timeout(60_000));
      await expect(heartbeat).rejects.toMatchObject({ kind: 'unreachable', code: 'vector_store_damaged' });
    } finally {
      await chroma.down();
    }
  });

  test('that is repaired is used without a restart of the others', async () => {
    writeFileSync(database, 'garbage');
    const program = folder.start();
    await program.ready();
    renameSync(join(folder.path, 'chroma'), join(folder.path, 'away'));
    await eventually(async () => (await fetch(`${backend(program, 'chroma')}/api/v2/heartbeat`)).ok, 50_000);
    await eventually(() => program.stderr.includes('chroma serves again'));
    expect(program.stdout.match(/Sluice is ready/g)).toHaveLength(1);
  });
});

test('a server that keeps dying restarts four times at once, then slowly, with a report', async () => {
  await using folder = new SupervisedFolder();
  const program = folder.start();
  await program.ready();
  const heartbeat = `${backend(program, 'chroma')}/api/v2/collections`;
  for (let life = 1; life <= 5; life++) {
    const chroma = await eventually(() => folder.children()['chroma']);
    await eventually(() => fetch(heartbeat));
    process.kill(chroma.pid, 'SIGKILL');
    await eventually(() => folder.children()['chroma']?.pid !== chroma.pid);
  }
  await eventually(() => program.stderr.includes('chroma does not start'));
  expect(program.stderr.match(/ended unexpectedly/g)).toHaveLength(4);
  expect(program.stderr).toMatch(/it says +nothing \(signal SIGKILL\)/);
  expect(folder.children()['chroma']).toBeUndefined();
});
