import type { Redis } from 'ioredis';
import { Counter, Gauge, Registry } from '@prometheus-io/client';

import { OUTCOMES } from '../contract/job.ts';
import { readStatistics } from '../jobs/reads/job-statistics.ts';
import type { Keys } from '../redis/keys.ts';

/**
 * Exports the queue's statistics for Prometheus. Every node exports the same, because they come from Redis. While Redis is
 * away it exports only `sluice_redis_up`, because an old figure would mislead.
 * @returns a function that reads them again, as text
 */
export function queueMetrics(redis: Redis, keys: Keys): () => Promise<string> {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const up = gauge('sluice_redis_up', '1 while Redis responds.');
  const depth = gauge('sluice_queue_depth', 'Jobs that wait for a worker.');
  const delayed = gauge('sluice_jobs_delayed', 'Jobs that wait for their next try.');
  const parked = gauge('sluice_jobs_parked', 'Jobs that wait for an earlier upload of the same document.');
  const inFlight = gauge('sluice_jobs_in_flight', 'Jobs that a worker holds.');
  const active = gauge('sluice_jobs_active', 'Jobs that have not ended.');
  const cleanups = gauge('sluice_cleanups_pending', 'Dead generations whose chunks are still to be deleted.');
  const incomplete = gauge('sluice_documents_incomplete', 'Documents that miss chunks in the vector store.');
  const orphans = gauge(
    'sluice_orphan_generations',
    'Generations in the vector store of documents that Redis does not know.',
  );
  const oldest = gauge('sluice_oldest_waiting_seconds', 'How long the job that is next has waited.');
  const ended = new Counter({
    name: 'sluice_runs_ended_total',
    help: 'Ended runs by outcome; failed excludes cancelled runs.',
    labelNames: ['status'],
    registers,
  });
  const time = new Gauge({
    name: 'sluice_processing_seconds',
    help: 'Processing time of the last 1,000 completed runs.',
    labelNames: ['quantile'],
    registers,
  });
  return async () => {
    const stats = await readStatistics(redis, keys).catch(() => undefined);
    up.set(stats ? 1 : 0);
    if (!stats) return registry.getSingleMetricAsString('sluice_redis_up');
    depth.set(stats.queue_depth);
    delayed.set(stats.delayed);
    parked.set(stats.parked);
    inFlight.set(stats.in_flight);
    active.set(stats.active);
    cleanups.set(stats.cleanups);
    incomplete.set(stats.documents_incomplete);
    orphans.set(stats.orphan_generations);
    oldest.set((stats.oldest_waiting_ms ?? 0) / 1000);
    ended.reset();
    for (const status of OUTCOMES) ended.inc({ status }, stats[status]);
    time.reset();
    const { p50, p90, p99 } = stats.processing_time_ms ?? {};
    for (const [quantile, ms] of Object.entries({ '0.5': p50, '0.9': p90, '0.99': p99 })) {
      if (ms !== undefined) time.set({ quantile }, ms / 1000);
    }
    return registry.metrics();
  };
}
