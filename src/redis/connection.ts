import { Redis } from 'ioredis';

import type { Logger } from '../logger.ts';

/** A command that Redis has not answered for so long has failed, for the caller. */
const COMMAND_TIMEOUT_MS = 5000;
const CONNECT_TIMEOUT_MS = 2000;
/** A connection that owes an answer and says nothing for so long is dead, whatever TCP believes; longer than any blocking call. */
const SILENCE_MS = 10_000;
const MAX_RECONNECT_DELAY_MS = 1000;
/** What Redis answers while it can do nothing, for a time. */
const AWAY = /^(BUSY|LOADING|MASTERDOWN|MISCONF) /;

/**
 * How a connection behaves while Redis is away.
 * - `bounded`: a command fails after seconds; for what somebody waits for, like an upload.
 * - `patient`: a command waits until Redis is back, and is then sent again; for workers, whose scripts are
 *   replay-safe, and for subscriptions and blocking calls.
 * - `ordered`: as patient; but what a master refuses that has become a replica fails, for sent again it might
 *   come after what was sent behind it.
 */
export type Patience = 'bounded' | 'patient' | 'ordered';

/**
 * Opens a connection that reconnects for ever, within a second of Redis being back.
 * @param url `redis://` or `rediss://`
 */
export function connectRedis(url: string, name: string, patience: Patience, logger: Logger): Redis {
  const redis = new Redis(url, {
    connectionName: `sluice-${name}`,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    // After a failover the old master refuses writes: connect anew, and (2) send the refused command again.
    reconnectOnError({ message }: Error) {
      if (message.startsWith('READONLY')) return patience === 'ordered' ? 1 : 2;
      return patience === 'patient' && AWAY.test(message) ? 2 : false;
    },
    retryStrategy: (tries: number) => Math.min(50 * 2 ** Math.min(tries, 6), MAX_RECONNECT_DELAY_MS),
    ...(patience === 'bounded'
      ? { maxRetriesPerRequest: 2, commandTimeout: COMMAND_TIMEOUT_MS }
      : { maxRetriesPerRequest: null }),
  });
  let reported = false;
  redis.on('error', (error: Error) => {
    if (!reported)
      logger.warn('Redis is unreachable, reconnecting', { connection: name, error: error.message });
    reported = true;
  });
  redis.on('ready', () => {
    if (reported) logger.info('Redis is back', { connection: name });
    reported = false;
  });
  return redis;
}
