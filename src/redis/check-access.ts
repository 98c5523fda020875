import { Redis } from 'ioredis';

import { CONNECT_TIMEOUT_MS } from './connection.ts';
import { readHello } from './hello.ts';
import type { Keys } from './keys.ts';

/** Longest wait for each reply, in ms. A late reply says nothing about the account. */
const CHECK_MS = 5000;
const PROBE_MS = 10_000;
/** OpenSSL's and Node's codes for a certificate that Node does not trust. */
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)/;

type Call = readonly [command: string, ...args: (string | number)[]];

/**
 * Lists each command that the program and its scripts use. The calls touch only the probe key, and delete it. It holds a
 * string, so commands of other types fail with WRONGTYPE, after Redis has checked the account.
 */
export function probeCalls(probe: string): Call[] {
  return [
    ['set', probe, '', 'PX', PROBE_MS],
    ...calls('get mget exists type persist incr hgetall hkeys hlen llen smembers scard zcard', probe),
    ...calls('hget hmget hdel sadd srem zrem zscore zmscore zrank zrevrank lpush rpush', probe, ''),
    ...calls('expire pexpire incrby decrby', probe, PROBE_MS),
    ...calls('lrange zrange zrevrange zrangebyscore zremrangebyrank ltrim', probe, 0, 0),
    ...calls('hset hsetnx hincrby', probe, '', 0),
    ['zadd', probe, 0, ''],
    ['lrem', probe, 0, ''],
    ['zpopmin', probe],
    ['lindex', probe, 0],
    ['rpop', probe],
    ['sscan', probe, 0],
    ['zscan', probe, 0],
    ['blmove', probe, probe, 'RIGHT', 'RIGHT', 0.01],
    ['del', probe],
    ['time'],
    ['ping'],
    ['wait', 0, 0],
    ['info', 'server'],
    ['eval', 'return 1', 0],
    ['evalsha', '0'.repeat(40), 0],
  ];
}

/** Lists calls of several commands with the same arguments. @param names of the commands, with spaces between */
function calls(names: string, ...args: (string | number)[]): Call[] {
  return names.split(' ').map((name) => [name, ...args]);
}

/**
 * Lists the calls on channels. Redis checks the account when it queues a command of a transaction. So a discarded
 * transaction probes PUBLISH without a message to subscribers. Subscriptions come last, because they end other calls.
 */
function channelCalls(keys: Keys): Call[] {
  const channels = [keys.canary('access'), keys.cancelled, keys.events('access')];
  return [
    ['multi'],
    ...channels.map((channel): Call => ['publish', channel, '']),
    ['discard'],
    ['subscribe', keys.cancelled, keys.canary('access')],
    ['psubscribe', keys.allEvents],
  ];
}

/** Result of the check. */
export interface RedisAccess {
  /** False if the check could not ask Redis. */
  reached: boolean;
  /** A fault that only an operator can repair. */
  fault?: string;
}

/**
 * Checks Redis once, over a connection of its own. Redis must accept the account and grant it every command, key and
 * channel. Node must trust the certificate. The server must be neither a cluster nor a sentinel.
 */
export async function checkAccess(url: string, keys: Keys): Promise<RedisAccess> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectionName: 'sluice-access',
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: CHECK_MS,
    retryStrategy: null,
    // The ready check calls INFO. If the account lacks INFO, ioredis prints to the console.
    enableReadyCheck: false,
  });
  let failure: Error | undefined;
  redis.on('error', (error: Error) => (failure ??= error));
  try {
    await redis.connect();
    const { mode } = readHello(await redis.call('HELLO'));
    if (mode !== 'standalone') {
      const fault = `REDIS_URL leads to a Redis ${mode}, which Sluice cannot use. Name a single Redis.`;
      return { reached: true, fault };
    }
    const calls = [...probeCalls(keys.probe), ...channelCalls(keys)];
    const denied = await deniedRules(redis, calls, keys);
    if (denied.length === 0) return { reached: true };
    const user = decodeURIComponent(new URL(url).username) || 'default';
    const rules = denied.join(' ');
    const fault = `The Redis account "${user}" lacks permissions. Run in Redis: ACL SETUSER ${user} ${rules}`;
    return { reached: true, fault };
  } catch (error) {
    const fault = explain(failure ?? (error as Error));
    return fault === undefined ? { reached: false } : { reached: true, fault };
  } finally {
    redis.disconnect();
  }
}

/** Makes all calls. Returns the missing rules of Redis' access list. */
async function deniedRules(redis: Redis, calls: readonly Call[], keys: Keys): Promise<string[]> {
  const replies = (await redis.pipeline(calls.map((call) => ['call', ...call])).exec()) ?? [];
  const denied = replies.flatMap(([error], i) => {
    const message = error?.message ?? '';
    if (!message.startsWith('NOPERM')) return [];
    const name = calls[i]?.[0];
    if (message.includes('keys used')) return [`~${keys.prefix}*`];
    // Redis compares the pattern of PSUBSCRIBE with the rules letter by letter.
    if (message.includes('channels used'))
      return [name === 'psubscribe' ? `&${keys.allEvents}` : `&${keys.prefix}*`];
    return [`+${name}`];
  });
  return [...new Set(denied)];
}

function explain(failure: Error): string | undefined {
  const { code = '', message } = failure as NodeJS.ErrnoException;
  if (/^(WRONGPASS|NOAUTH|NOPERM)/.test(message))
    return `Redis refuses the account: ${message} Correct the user and the password in REDIS_URL.`;
  if (UNTRUSTED.test(code))
    return `The certificate of Redis is not trusted (${code}). Set NODE_EXTRA_CA_CERTS to the file of its authority.`;
  return undefined;
}
