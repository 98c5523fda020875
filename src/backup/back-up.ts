import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readFile, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';

import packageJson from '../../package.json' with { type: 'json' };
import { readRunning } from '../embedded/lock.ts';
import { createKeys } from '../redis/keys.ts';
import { FreeSpace } from '../uploads/free-space.ts';
import { ArchiveWriter } from './archive-writer.ts';
import { BLOBS, HEAD, SNAPSHOT, type Head } from './archive-format.ts';
import { BackupError } from './backup-error.ts';
import { pauseDeletes } from './delete-pause.ts';
import type { Progress } from './progress.ts';
import { saveSnapshot } from './redis-snapshot.ts';
import { listGroups, measure, openGroup } from './stored-files.ts';

const CONNECT_TIMEOUT_MS = 3000;

export interface BackupReport {
  files: number;
  bytes: number;
  /** Files that a user deleted while the backup ran. The backup lacks them. */
  vanished: number;
  /** Originals whose bytes differ from the upload. The backup holds them unchanged. */
  changed: string[];
}

/**
 * Copies a running Sluice into one file: a snapshot of Redis first, then each manifest with its original. The file
 * holds every upload that Sluice acknowledged before the backup began. Sweeps delete nothing meanwhile.
 * @param path of the backup; a file at this path is an error
 * @throws {BackupError} with the next step for the operator; it leaves nothing at `path`
 */
export async function backUp(
  { dataDir, minFreeBytes }: { dataDir: string; minFreeBytes: number | undefined },
  path: string,
  progress: Progress,
  stopped: AbortSignal,
): Promise<BackupReport> {
  if (existsSync(path)) throw new BackupError(`${path} exists already: name another file, or move it away.`);
  const running = readRunning(dataDir);
  if (!running) {
    throw new BackupError(
      `No Sluice runs on DATA_DIR ${dataDir}: start it with \`npm start\`, then back it up.`,
    );
  }
  const { redis_url, key_prefix, blob_store: root } = running;
  const aborting = new AbortController();
  const signal = AbortSignal.any([stopped, aborting.signal]);
  await using held = new AsyncDisposableStack();
  const redis = await connect(redis_url, dataDir);
  held.defer(() => redis.disconnect());
  held.use(await pauseDeletes(redis, createKeys(key_prefix).deletesPaused, (error) => aborting.abort(error)));

  const report: BackupReport = { files: 0, bytes: 0, vanished: 0, changed: [] };
  const space = new FreeSpace(dirname(path), [], minFreeBytes);
  const snapshot = join(dataDir, 'redis', 'dump.rdb');
  await saveSnapshot(redis, signal);
  const writer = new ArchiveWriter(path);
  try {
    const { size } = await stat(snapshot);
    const { files, bytes } = await measure(root);
    const claim = await space.claim(size + bytes).catch((cause: unknown) => {
      const detail = `The backup needs ${size + bytes} bytes above MIN_FREE_BYTES beside ${path}: free some, or name a file on another disk.`;
      throw new BackupError(detail, { cause });
    });
    await writer.addText(HEAD, JSON.stringify(await headOf(root, files, bytes)), new Date());
    progress.begin(files, size + bytes);

    const add = async (name: string, file: FileHandle, hash?: ReturnType<typeof createHash>) => {
      const { size, mtime } = await file.stat();
      await writer.add(
        name,
        size,
        mtime,
        read(file, size, async (part) => {
          signal.throwIfAborted();
          await claim.take(part.length);
          hash?.update(part);
          progress.bytes(part.length);
        }),
      );
      return size;
    };
    await using rdb = await open(snapshot, 'r');
    await add(SNAPSHOT, rdb);

    for await (const group of listGroups(root)) {
      signal.throwIfAborted();
      const opened = await openGroup(root, group);
      if (!opened) {
        report.vanished++;
        continue;
      }
      const { manifest } = opened;
      await using file = opened.file;
      if (manifest) {
        await writer.addText(BLOBS + group.manifest, manifest.bytes, manifest.mtime);
        report.files++;
        report.bytes += manifest.bytes.length;
        progress.bytes(manifest.bytes.length);
      }
      if (file) {
        const known = manifest && contentHashOf(manifest.bytes);
        const hash = known === undefined ? undefined : createHash('sha256');
        report.bytes += await add(BLOBS + group.file, file, hash);
        report.files++;
        if (hash && hash.digest('hex') !== known) report.changed.push(group.file as string);
      }
      progress.files(report.files);
    }
    await writer.finish();
    return report;
  } catch (error) {
    await writer.discard();
    throw error;
  } finally {
    await rm(snapshot, { force: true });
  }
}

async function connect(url: string | undefined, dataDir: string): Promise<Redis> {
  if (url === undefined) {
    throw new BackupError(
      'REDIS_URL names the Redis of this Sluice. A backup copies only an embedded Redis: back up yours with its own tools.',
    );
  }
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: null,
    connectTimeout: CONNECT_TIMEOUT_MS,
    connectionName: 'sluice-backup',
  });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return redis;
  } catch (cause) {
    redis.disconnect();
    throw new BackupError(
      `The Redis of the Sluice on ${dataDir} cannot be reached: check that it runs, and start the backup again.`,
      {
        cause,
      },
    );
  }
}

async function headOf(root: string, files: number, bytes: number): Promise<Head> {
  const identity = await readFile(join(root, 'installation.json'), 'utf8').catch(() => '{}');
  const { id } = JSON.parse(identity) as { id?: string };
  return {
    format: 1,
    version: packageJson.version,
    installation_id: id ?? null,
    created_at: new Date().toISOString(),
    files,
    bytes,
  };
}

/** Reads a file in parts. @param note called before the caller gets each part */
async function* read(
  file: FileHandle,
  size: number,
  note: (part: Buffer) => Promise<void>,
): AsyncGenerator<Buffer> {
  if (size === 0) return;
  // Stops at the measured size, because an upload under way may still write.
  for await (const part of file.createReadStream({ start: 0, end: size - 1, autoClose: false })) {
    await note(part as Buffer);
    yield part as Buffer;
  }
}

function contentHashOf(manifest: Buffer): string | undefined {
  try {
    const { payload } = JSON.parse(manifest.toString('utf8')) as { payload?: { content_hash?: string } };
    return payload?.content_hash;
  } catch {
    // A crash cut off the api's write of this manifest. The api never acknowledged its upload.
    return undefined;
  }
}
