/** Upper bounds in seconds, from a millisecond to ten seconds. A push is late long before that. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10] as const;

/**
 * Counts latencies in Prometheus' buckets, in plain numbers. A library's histogram took as long for each push as the rest
 * of the gateway's work.
 */
export class Latencies {
  /** Counts between each bound and the one before; the last count is beyond all bounds. */
  readonly #counts: number[] = Array.from({ length: BOUNDS.length + 1 }, () => 0);
  /** Sum of all latencies, in seconds. */
  sum = 0;

  observe(seconds: number): void {
    let bucket = 0;
    while (seconds > (BOUNDS[bucket] ?? Infinity)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.sum += seconds;
  }

  /** Returns the count up to each bound. `+Inf` has all. */
  get buckets(): (readonly [bound: string, count: number])[] {
    let within = 0;
    return this.#counts.map((count, i) => [`${BOUNDS[i] ?? '+Inf'}`, (within += count)]);
  }

  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }
}
