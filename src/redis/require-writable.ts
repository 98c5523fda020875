import type { Redis } from 'ioredis';

import type { Keys } from './keys.ts';

const PROBE_MS = 10_000;

/** @throws for a Redis that takes no writes: a replica, one whose disk or memory is full, one that lacks a replica */
export async function requireWritable(redis: Redis, keys: Keys): Promise<void> {
  const [[role]] = await Promise.all([
    redis.role() as Promise<[string]>,
    redis.set(keys.probe, '', 'PX', PROBE_MS),
  ]);
  // A replica may be set up to take writes, which its master then overwrites.
  if (role !== 'master') throw new Error(`this Redis is a ${role}`);
}
