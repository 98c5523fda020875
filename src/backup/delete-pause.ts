import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Redis } from 'ioredis';

import { BackupError } from './backup-error.ts';

/** Time until a pause expires, in ms. A killed backup blocks deletes no longer than this. */
const TTL_MS = 180_000;
const RENEW_MS = 30_000;

/** Deletes or renews the pause, if this process still holds it. */
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;
const RENEW = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`;

/**
 * Keeps sweeps from deleting originals until the caller ends the pause.
 * @param key the Redis key that the sweeps check
 * @param lost receives the error when the pause expires early: files copied later may be missing
 * @throws {BackupError} when another backup runs
 */
export async function pauseDeletes(
  redis: Redis,
  key: string,
  lost: (error: BackupError) => void,
): Promise<AsyncDisposable> {
  const holder = `backup ${process.pid} on ${hostname()}, ${randomUUID()}`;
  if ((await redis.set(key, holder, 'PX', TTL_MS, 'NX')) === null) {
    const other = await redis.get(key);
    const minutes = TTL_MS / 60_000;
    throw new BackupError(
      `Another backup runs (${other}). If it was killed, try again in ${minutes} minutes.`,
    );
  }
  const timer = setInterval(() => {
    redis.eval(RENEW, 1, key, holder, TTL_MS).then(
      (renewed) => {
        if (renewed !== 1) lost(new BackupError('The pause of deletes ended early. Start the backup again.'));
      },
      (error: Error) => lost(new BackupError(`Redis is gone: ${error.message}. Start the backup again.`)),
    );
  }, RENEW_MS);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      // Redis may be gone. The pause then expires by itself.
      await redis.eval(RELEASE, 1, key, holder).catch(() => {});
    },
  };
}
