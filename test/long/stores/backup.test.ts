import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Redis } from 'ioredis';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { pauseDeletes } from '../../../src/backup/delete-pause.ts';
import { runBackupCommand } from '../../helpers/stores/backup-command.ts';
import { withPassword } from '../../helpers/servers/embedded-redis.ts';
import { type Program, SupervisedFolder } from '../../helpers/servers/supervised.ts';
import { use } from '../../helpers/servers/use.ts';

const FILES = 40;
vi.setConfig({ testTimeout: 200_000 });
const OLD = new Date('2025-06-01T12:00:00Z');

const source = use(() => new SupervisedFolder());
let program: Program;
let redis: Redis;
let backup: string;

const redisUrl = (running: Program, dataDir: string) =>
  withPassword(/redis\s+(redis:\S+)/.exec(running.stdout)![1]!, dataDir);
const originalOf = (i: number) => Buffer.alloc(10_000 * (i % 3) + i, `original ${i} `);

function write(root: string, path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  utimesSync(join(root, path), OLD, OLD);
}

/** Expected contents of the backup's blob store, by path. */
const kept = new Map<string, string | Buffer>();

beforeAll(async () => {
  program = source.start();
  await program.ready();
  redis = new Redis(redisUrl(program, source.path));
  await redis.mset('a', '1', 'b', '2');
  const blobs = join(source.path, 'blobs');
  for (let i = 0; i < FILES; i++) {
    const id = `job-${i}`;
    const content_hash = createHash('sha256').update(originalOf(i)).digest('hex');
    const payload = { filename: 'a.txt', collection: 'papers', file_key: `default/${id}`, content_hash };
    const manifest = JSON.stringify({ job_id: id, tenant: 'default', payload });
    kept.set(`default/${id}`, originalOf(i)).set(`default/${id}.json`, manifest);
    if (i % 2 === 0) kept.set(`.ends/epoch/${id}.completed.json`, manifest);
  }
  kept.set('installation.json', JSON.stringify({ id: 'the-installation' }));
  kept.set(`default/${'long'.repeat(50)}`, 'a name longer than a header holds');
  for (const [path, content] of kept) write(blobs, path, content);
  write(blobs, 'default/job-0.checkpoint/1', 'made again');
  write(blobs, 'trash/2026-01-01/default/x', 'thrown away');
  backup = join(source.path, 'sluice.tar');
  const made = await runBackupCommand('backup', backup, { DATA_DIR: source.path });
  expect(made).toMatchObject({ code: 0 });
  expect(made.output).toMatch(/of \d+ files, .* 100 %/);
  expect(made.output).toContain(`Backed up ${kept.size} files`);
}, 200_000);
afterAll(() => redis?.disconnect());

const restoreInto = (folder: string, file = backup) =>
  runBackupCommand('restore', file, { DATA_DIR: folder });

test('a backup is one private file, and leaves no other', async () => {
  expect(statSync(backup).mode & 0o777).toBe(0o600);
  expect(readdirSync(source.path).filter((name) => name.includes('.tmp'))).toEqual([]);
  expect(existsSync(join(source.path, 'redis', 'dump.rdb'))).toBe(false);
  expect(await redis.exists('deletes:paused')).toBe(0);
});

test('a restored folder holds what the backup held, and a start takes it', async () => {
  await using target = new SupervisedFolder();
  const folder = join(target.path, 'new');
  const restored = await restoreInto(folder);
  expect(restored).toMatchObject({ code: 0 });
  const blobs = join(folder, 'blobs');
  const found = readdirSync(blobs, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(blobs.length + 1));
  expect(found.sort()).toEqual([...kept.keys()].sort());
  for (const [path, content] of kept) {
    expect(readFileSync(join(blobs, path)).equals(Buffer.from(content)), path).toBe(true);
    expect(statSync(join(blobs, path)).mtime, path).toEqual(OLD);
  }
  const second = target.start({ DATA_DIR: folder });
  await second.ready();
  const copy = new Redis(redisUrl(second, folder));
  expect(await copy.mget('a', 'b')).toEqual(['1', '2']);
  await copy.set('c', '3');
  expect(await copy.config('GET', 'appendonly')).toContain('yes');
  copy.disconnect();
  await second.stop();
  const third = target.start({ DATA_DIR: folder });
  await third.ready();
  const again = new Redis(redisUrl(third, folder));
  expect(await again.mget('a', 'c')).toEqual(['1', '3']);
  again.disconnect();
});

test('deletes are paused before Redis is copied', () => {
  // The snapshot holds the pause itself, which expires a few minutes after a restore.
  expect(readFileSync(backup).includes('deletes:paused')).toBe(true);
});

test('one backup pauses deletes at a time', async () => {
  const pause = await pauseDeletes(redis, 'deletes:paused', () => {});
  expect(await redis.pttl('deletes:paused')).toBeGreaterThan(0);
  const file = join(source.path, 'third.tar');
  const refused = await runBackupCommand('backup', file, { DATA_DIR: source.path });
  expect(refused).toMatchObject({
    code: 1,
    output: expect.stringContaining('Another backup runs') as string,
  });
  expect(existsSync(file)).toBe(false);
  await pause[Symbol.asyncDispose]();
  expect(await redis.exists('deletes:paused')).toBe(0);
});

test('a backup names an original whose bytes changed', async () => {
  const original = join(source.path, 'blobs', 'default', 'job-1');
  writeFileSync(original, 'something else');
  const file = join(source.path, 'changed.tar');
  const made = await runBackupCommand('backup', file, { DATA_DIR: source.path });
  write(join(source.path, 'blobs'), 'default/job-1', originalOf(1));
  expect(made.code).toBe(0);
  expect(made.output).toContain('default/job-1 differs from its upload');
});

test('a backup over a file, without a Sluice, or without room fails and leaves nothing', async () => {
  const refusals = async (file: string, env: Record<string, string>) =>
    (await runBackupCommand('backup', file, { DATA_DIR: source.path, ...env })).output;
  const before = readFileSync(backup);
  expect(await refusals(backup, {})).toContain('exists already');
  expect(readFileSync(backup).equals(before)).toBe(true);
  const file = join(source.path, 'none.tar');
  expect(await refusals(file, { DATA_DIR: join(source.path, 'nowhere') })).toContain('No Sluice runs');
  expect(await refusals(file, { MIN_FREE_BYTES: String(2 ** 52) })).toContain('MIN_FREE_BYTES');
  expect(readdirSync(source.path).filter((name) => name.startsWith('none'))).toEqual([]);
});

test('a restore into a folder that is not empty, or in use, fails and changes nothing', async () => {
  await using target = new SupervisedFolder();
  write(target.path, 'notes.txt', 'mine');
  expect(await restoreInto(target.path)).toMatchObject({
    code: 1,
    output: expect.stringContaining('is not empty') as string,
  });
  expect(readdirSync(target.path)).toEqual(['notes.txt']);
  expect(await restoreInto(source.path)).toMatchObject({
    code: 1,
    output: expect.stringContaining('A Sluice uses or used') as string,
  });
  expect(await redis.get('a')).toBe('1');
});

test('a restore of a truncated or changed backup fails before it writes anything', async () => {
  await using target = new SupervisedFolder();
  const folder = join(target.path, 'new');
  const whole = readFileSync(backup);
  // The last kilobyte of a tar file holds no data.
  const cuts = [
    0,
    100,
    512,
    700,
    Math.floor(whole.length / 2),
    whole.length - 1024 - 1024,
    whole.length - 1024 - 512,
  ];
  const middle = Buffer.from(whole);
  const place = middle.indexOf('original 20 ') + 50;
  middle[place] = middle[place]! ^ 1;
  const broken = [...cuts.map((cut) => whole.subarray(0, cut)), middle, Buffer.from('no backup at all')];
  for (const [i, bytes] of broken.entries()) {
    const file = join(target.path, `broken-${i}.tar`);
    writeFileSync(file, bytes);
    const { code, output } = await restoreInto(folder, file);
    expect(code, `${i}: ${output}`).toBe(1);
    expect(output, `${i}`).toMatch(/is no backup|is incomplete|was changed|damaged/);
    expect(existsSync(folder), `${i}`).toBe(false);
  }
});

test.each([
  ['blobs/../../escaped', 'file'],
  ['/etc/escaped', 'file'],
  ['blobs//escaped', 'file'],
  ['elsewhere/escaped', 'file'],
  ['blobs/default/link', 'symlink'],
] as const)('a backup that holds %s as a %s is refused', async (name, type) => {
  await using target = new SupervisedFolder();
  const tar = pack();
  const head = {
    format: 1,
    version: '1',
    installation_id: null,
    created_at: OLD.toISOString(),
    files: 1,
    bytes: 1,
  };
  tar.entry({ name: 'sluice-backup.json' }, JSON.stringify(head));
  if (type === 'symlink') tar.entry({ name, type, linkname: '/etc/passwd' });
  else tar.entry({ name }, 'x');
  tar.finalize();
  const file = join(target.path, 'hostile.tar');
  writeFileSync(file, await buffer(tar));
  const folder = join(target.path, 'new');
  const { code, output } = await restoreInto(folder, file);
  expect(code).toBe(1);
  expect(output).toContain('which no backup of Sluice does');
  expect(existsSync(folder)).toBe(false);
});

test('a folder in which a restore was cut off does not start', async () => {
  await using target = new SupervisedFolder();
  write(target.path, 'restore.unfinished', '');
  const refused = target.start();
  await refused.exited;
  expect(refused.stderr).toContain('restore again');
});
