/** Limits of the transitions. */
export interface QueueOptions {
  leaseMs: number;
  maxRetries: number;
  /** A job that has cost more workers than this fails. */
  maxStalls: number;
  /** How long a job is kept once it has ended. */
  ttlSeconds: number;
  /** Returns the caller's blob store, because Redis refuses jobs of another. Throws before it is confirmed. */
  store?: () => string;
}
