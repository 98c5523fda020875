/** Memory of a waiting id beside its characters, in bytes. */
const ID_BYTES = 50;

/** Collects the jobs that left channels, until the client is told. */
export class Departures {
  /** Jobs by the subscription of their channel; absent without jobs. */
  readonly #jobs = new Map<number, Set<string>>();
  /** Offset before the first waiting leave; a little lower after some have gone. */
  #offset = Infinity;

  get empty(): boolean {
    return this.#jobs.size === 0;
  }

  /** Number of waiting jobs. */
  get size(): number {
    let size = 0;
    for (const jobs of this.#jobs.values()) size += jobs.size;
    return size;
  }

  /** Memory of the waiting ids, in bytes, estimated. */
  get bytes(): number {
    let bytes = 0;
    for (const jobs of this.#jobs.values()) for (const jobId of jobs) bytes += jobId.length + ID_BYTES;
    return bytes;
  }

  /** Offset up to which the client has heard of every leave. */
  get offset(): number {
    return this.empty ? Infinity : this.#offset;
  }

  /** @param offset offset before the job's leave */
  add(subscription: number, jobId: string, offset: number): void {
    this.#offset = this.empty ? offset : Math.min(this.#offset, offset);
    const jobs = this.#jobs.get(subscription);
    if (jobs) jobs.add(jobId);
    else this.#jobs.set(subscription, new Set([jobId]));
  }

  /** Removes a job, because it has entered the channel again. */
  delete(subscription: number, jobId: string): void {
    const jobs = this.#jobs.get(subscription);
    if (jobs?.delete(jobId) && jobs.size === 0) this.#jobs.delete(subscription);
  }

  /** Removes all jobs of a channel. @returns them */
  deleteAll(subscription: number): ReadonlySet<string> {
    const jobs = this.#jobs.get(subscription);
    this.#jobs.delete(subscription);
    return jobs ?? new Set();
  }

  /** Takes jobs of one channel: at most `most`, and no more once they have `mostBytes`. */
  take(most: number, mostBytes: number): { subscription: number; jobs: Set<string> } | undefined {
    const [first] = this.#jobs;
    if (!first) return undefined;
    const [subscription, waiting] = first;
    const jobs = new Set<string>();
    let bytes = 0;
    for (const jobId of waiting) {
      if (jobs.size === most || bytes > mostBytes) break;
      jobs.add(jobId);
      waiting.delete(jobId);
      bytes += jobId.length;
    }
    if (waiting.size === 0) this.#jobs.delete(subscription);
    return { subscription, jobs };
  }
}
