import type { Redis } from 'ioredis';

import { readHello } from './hello.ts';
import type { Keys } from './keys.ts';

const PROBE_MS = 10_000;

/** Checks that Redis takes writes. @throws for a replica, a full disk or memory, and a server that lacks a replica */
export async function requireWritable(redis: Redis, keys: Keys): Promise<void> {
  // Calls HELLO instead of ROLE, because an account may lack ROLE.
  const [hello] = await Promise.all([redis.call('HELLO'), redis.set(keys.probe, '', 'PX', PROBE_MS)]);
  // An operator may set up a replica to take writes, which its master then overwrites.
  const { role } = readHello(hello);
  if (role !== 'master') throw new Error(`Redis is a ${role}. Name its master in REDIS_URL.`);
}
