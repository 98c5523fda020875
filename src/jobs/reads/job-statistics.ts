import type { Redis } from 'ioredis';

import type { Stats } from '../../contract/jobs.ts';
import type { Keys } from '../../redis/keys.ts';
import { isWrongType } from '../../redis/wrong-type.ts';
import { parseCosts } from '../model/stage-costs.ts';

/** Reads the installation's queue statistics in one round trip, and the next job in another. */
export async function readStatistics(redis: Redis, keys: Keys): Promise<Stats> {
  const [
    depth,
    delayed,
    parked,
    leases,
    active,
    cleanups,
    incomplete,
    orphans,
    outcomes,
    durations,
    next,
    time,
    costs,
  ] = await Promise.all([
    redis.llen(keys.queue),
    redis.zcard(keys.delayed),
    redis.zcard(keys.parked),
    redis.zcard(keys.leases),
    redis.scard(keys.active),
    redis.zcard(keys.cleanup),
    redis.zcard(keys.incomplete),
    redis.get(keys.orphans),
    redis.hgetall(keys.outcomes),
    redis.lrange(keys.durations, 0, -1),
    redis.lindex(keys.queue, -1),
    redis.time(),
    redis.get(keys.costs).catch(absentIfSpoilt),
  ]);
  // Another program may have written other text.
  const toCount = (text: string | null | undefined) => (/^\d{1,15}$/.test(text ?? '') ? Number(text) : 0);
  const count = (status: string) => toCount(outcomes[status]);
  const [completed, failed] = [count('completed'), count('failed')];
  const queuedMs = next === null ? undefined : await readQueuedMs(redis, keys.job(next));
  const nowMs = Number(time[0]) * 1000 + Math.floor(Number(time[1]) / 1000);
  return {
    queue_depth: depth,
    delayed,
    parked,
    in_flight: leases,
    active,
    cleanups,
    documents_incomplete: incomplete,
    orphan_generations: toCount(orphans),
    completed,
    failed,
    cancelled: count('cancelled'),
    success_rate: completed + failed === 0 ? undefined : completed / (completed + failed),
    processing_time_ms: percentiles(durations.map(Number).filter(Number.isFinite)),
    stage_ms: stageTimes(costs),
    oldest_waiting_ms: queuedMs === undefined ? undefined : Math.max(0, nowMs - queuedMs),
  };
}

/** Reads when a script queued a job (ms). @returns `undefined` if no script did */
async function readQueuedMs(redis: Redis, key: string): Promise<number | undefined> {
  return Number(await redis.hget(key, 'queued_ms').catch(absentIfSpoilt)) || undefined;
}

/** Takes a key that another program made of another type for an absent one. */
function absentIfSpoilt(error: unknown): null {
  if (!isWrongType(error)) throw error;
  return null;
}

function stageTimes(text: string | null): Stats['stage_ms'] {
  const costs = parseCosts(text);
  if (!costs) return undefined;
  const mean = (sum: number) => Math.round((sum / costs.runs) * 10) / 10;
  return { parse: mean(costs.parse_ms), embed: mean(costs.embed_ms), store: mean(costs.store_ms) };
}

function percentiles(samples: number[]): Stats['processing_time_ms'] {
  if (samples.length === 0) return undefined;
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}
