/** Upper bounds in seconds, from a millisecond to ten seconds: a push is late long before that. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10] as const;

/**
 * Counts latencies in buckets, as Prometheus has them. Plain numbers: with every push, prom-client's histogram took as
 * long as all else that the gateway does for it.
 */
export class Latencies {
  /** How many are within each bound and beyond the one before; the last are beyond all. */
  readonly #counts: number[] = Array.from({ length: BOUNDS.length + 1 }, () => 0);
  /** Of all, in seconds. */
  sum = 0;

  observe(seconds: number): void {
    let bucket = 0;
    while (seconds > (BOUNDS[bucket] ?? Infinity)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.sum += seconds;
  }

  /** For each bound how many are within it; `+Inf` has all. */
  get buckets(): (readonly [bound: string, count: number])[] {
    let within = 0;
    return this.#counts.map((count, i) => [`${BOUNDS[i] ?? '+Inf'}`, (within += count)]);
  }

  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }
}
