/** What an id takes beside its characters, while it waits. */
const ID_BYTES = 50;

/** Which jobs have left which channels, until a client has been told. */
export class Departures {
  /** By the channel's subscription; there only while it has some. */
  readonly #jobs = new Map<number, Set<string>>();

  get empty(): boolean {
    return this.#jobs.size === 0;
  }

  /** How many are to be told. */
  get size(): number {
    let size = 0;
    for (const jobs of this.#jobs.values()) size += jobs.size;
    return size;
  }

  /** About how much memory their ids take. */
  get bytes(): number {
    let bytes = 0;
    for (const jobs of this.#jobs.values()) for (const jobId of jobs) bytes += jobId.length + ID_BYTES;
    return bytes;
  }

  add(subscription: number, jobId: string): void {
    const jobs = this.#jobs.get(subscription);
    if (jobs) jobs.add(jobId);
    else this.#jobs.set(subscription, new Set([jobId]));
  }

  /** Takes one back: the job has entered the channel again. */
  delete(subscription: number, jobId: string): void {
    const jobs = this.#jobs.get(subscription);
    if (jobs?.delete(jobId) && jobs.size === 0) this.#jobs.delete(subscription);
  }

  /** Takes back all of a channel. @returns them */
  deleteAll(subscription: number): ReadonlySet<string> {
    const jobs = this.#jobs.get(subscription);
    this.#jobs.delete(subscription);
    return jobs ?? new Set();
  }

  /** Takes some of one channel: up to `most`, and those after the first only until they have `mostBytes`. */
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
