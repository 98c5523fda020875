import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

import type { Logger } from '../logging/logger.ts';

/** Longest wait for a reply on a bounded connection, in ms. */
const COMMAND_TIMEOUT_MS = 5000;
export const CONNECT_TIMEOUT_MS = 2000;
/**
 * Longest silence of a connection that owes a reply, in ms. It is longer than any blocking call. TCP would notice a
 * dead peer much later.
 */
const SILENCE_MS = 10_000;
const MAX_RECONNECT_DELAY_MS = 1000;
/**
 * Matches replies of a Redis that can do nothing for now. For example, a script runs on, the disk is full, or a replica
 * is missing.
 */
const AWAY = /^(BUSY|LOADING|MASTERDOWN|MISCONF|NOREPLICAS) /;
const AWAY_PAUSE_MS = 250;

/** The retrying connections. `away`: the last reply said that Redis can do nothing for now. */
const retrying = new WeakMap<Redis, { readonly warn: (error: string) => void; away: boolean }>();

/**
 * Behaviour of a connection while Redis is away.
 * - `bounded`: a command fails within seconds, because a caller waits.
 * - `retrying`: the connection sends a command again once Redis is back. Workers use it, because their scripts are
 *   replay-safe. So do subscriptions and blocking calls.
 * - `ordered`: as `retrying`, but a command fails if its master has become a replica. A retry could come after later commands.
 */
export type ConnectionKind = 'bounded' | 'retrying' | 'ordered';

/**
 * Opens a connection that reconnects for ever, within a second of Redis being back.
 * @param url `redis://` or `rediss://`
 */
export function connectRedis(url: string, name: string, kind: ConnectionKind, logger: Logger): Redis {
  const redis = new Redis(url, {
    connectionName: `sluice-${name}`,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    // Subscribers subscribe again when ready. If Redis refused ioredis' own try, the process would end.
    autoResubscribe: false,
    // After a failover the old master refuses writes. 1 connects anew, 2 also sends the refused command again.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY') && (kind === 'ordered' ? 1 : 2),
    retryStrategy: (tries: number) => Math.min(50 * 2 ** Math.min(tries, 6), MAX_RECONNECT_DELAY_MS),
    ...(kind === 'bounded'
      ? { maxRetriesPerRequest: 2, commandTimeout: COMMAND_TIMEOUT_MS }
      : { maxRetriesPerRequest: null }),
  });
  let reported = false;
  redis.on('error', (error: Error) => {
    if (!reported) logger.warn('Redis is unreachable, reconnecting', { connection: name, error });
    reported = true;
  });
  redis.on('ready', () => {
    if (reported) logger.info('Redis is back', { connection: name });
    reported = false;
  });
  if (kind === 'retrying') {
    const warn = (error: string) =>
      logger.warn('Redis takes no commands now, waiting', { connection: name, error });
    retrying.set(redis, { warn, away: false });
  }
  return redis;
}

/**
 * Retries an idempotent, order-independent command while Redis says that it can do nothing. Only a retrying
 * connection retries.
 */
export async function retryWhileUnavailable<T>(redis: Redis, send: () => Promise<T>): Promise<T> {
  const connection = retrying.get(redis);
  for (;;) {
    try {
      const reply = await send();
      if (connection) connection.away = false;
      return reply;
    } catch (error) {
      const message = error instanceof Error ? error.message : '';
      if (!connection || !AWAY.test(message)) throw error;
      if (!connection.away) connection.warn(message);
      connection.away = true;
      await sleep(AWAY_PAUSE_MS);
    }
  }
}
