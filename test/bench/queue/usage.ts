import type { Redis } from 'ioredis';

/** What Redis has done so far. */
export interface Usage {
  /** Commands executed, those inside scripts too. */
  commands: number;
  /** Reads from client sockets. */
  reads: number;
  /** Processor time in microseconds. */
  cpu: number;
}

/** Reads what Redis has done since it started. */
export async function readUsage(redis: Redis): Promise<Usage> {
  const info = await redis.info('everything');
  const value = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1]);
  const calls = [...info.matchAll(/^cmdstat_.*?:calls=(\d+)/gm)].map((match) => Number(match[1]));
  return {
    commands: calls.reduce((sum, count) => sum + count, 0),
    reads: value('total_reads_processed'),
    cpu: (value('used_cpu_user') + value('used_cpu_sys')) * 1e6,
  };
}
