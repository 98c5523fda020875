import type { Limits } from '../../../src/limits/limiter.ts';

/** Limits that no test reaches by chance. */
export const WIDE_LIMITS: Limits = {
  requestsPerSecond: 1_000_000,
  bytesPerMinute: 2 ** 50,
  openBodies: 1_000_000,
  sockets: 2000,
  liveJobs: 1_000_000,
};
