import type { Redis } from 'ioredis';

/** @throws for a Redis that takes no writes: a master that has become a replica still answers everything else */
export async function requireMaster(redis: Redis): Promise<void> {
  const [role] = (await redis.role()) as [string];
  if (role !== 'master') throw new Error(`this Redis is a ${role}`);
}
