import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';

import { BackupError } from './backup-error.ts';

/** Poll interval, in ms. */
const LOOK_MS = 50;

/**
 * Makes Redis write a snapshot, as `dump.rdb` in its folder, and waits for it.
 * @throws {BackupError} if Redis cannot write it
 */
export async function saveSnapshot(redis: Redis, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      await redis.bgsave();
      break;
    } catch (error) {
      // Another save or a rewrite of the append-only file is running. It may have begun before an upload's job.
      if (!/already in progress|in progress|child process/i.test((error as Error).message)) throw error;
      await sleep(LOOK_MS, undefined, { signal });
    }
  }
  const { run_id: server } = await info(redis, 'server');
  for (;;) {
    const persistence = await info(redis, 'persistence');
    if (persistence['rdb_bgsave_in_progress'] === '0') {
      const same = (await info(redis, 'server'))['run_id'] === server;
      if (same && persistence['rdb_last_bgsave_status'] === 'ok') return;
      throw new BackupError('Redis could not write its snapshot: see logs/redis.log in DATA_DIR.');
    }
    await sleep(LOOK_MS, undefined, { signal });
  }
}

async function info(redis: Redis, section: string): Promise<Record<string, string>> {
  const lines = (await redis.info(section)).split('\r\n').map((line) => line.split(/:(.*)/s, 2));
  return Object.fromEntries(lines.map(([name = '', value = '']) => [name, value]));
}
