import type { JobFeed } from '../jobs/feed/job-feed.ts';
import type { JobWatcher } from '../jobs/feed/job-watchers.ts';
import { isNewer, type JobState } from '../jobs/model/job-view.ts';

/** What tells two states of a job apart, as an entity tag: for `ETag` and, unquoted, for `Last-Event-ID`. */
export function versionTag({ epoch, version }: JobState): string {
  return `${epoch}-${version}`;
}

/**
 * Follows one job for a client that is slower than the job: it gets the latest state, never all of them, and the end
 * of a run as the last. MUST be ended; ends by itself when one of `signals` aborts.
 */
export class JobChanges implements JobWatcher {
  readonly tenant: string;
  readonly #feed: JobFeed;
  readonly #jobId: string;
  readonly #signals: readonly AbortSignal[];
  #latest: JobState | undefined;
  #forgotten = false;
  #ended = false;
  #wake = () => {};
  readonly #abort = () => this.end();

  /** Watches from now on; what the job is now is for the caller to read afterwards, and to {@link offer}. */
  constructor(feed: JobFeed, tenant: string, jobId: string, signals: readonly AbortSignal[]) {
    this.#feed = feed;
    this.tenant = tenant;
    this.#jobId = jobId;
    feed.watch(jobId, this);
    this.#signals = signals;
    for (const signal of signals) signal.addEventListener('abort', this.#abort);
    if (signals.some(({ aborted }) => aborted)) this.end();
  }

  get ended(): boolean {
    return this.#ended;
  }

  onState(state: JobState): void {
    if (this.#latest?.terminal || !isNewer(state, this.#latest)) return;
    this.#latest = state;
    this.#wake();
  }

  onForgotten(): void {
    this.#forgotten = true;
    this.#wake();
  }

  /** Passes a state in that was read. Of two epochs the one that was heard of is the later. */
  offer(state: JobState): void {
    if (!this.#latest || this.#latest.epoch === state.epoch) this.onState(state);
  }

  /**
   * The next state whose tag is another than `tag`, at once where there is one.
   * @returns `forgotten` when the job is not known any more; `unchanged` after `waitMs`, or at the end
   */
  async after(tag: string | undefined, waitMs: number): Promise<JobState | 'forgotten' | 'unchanged'> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wake();
    }, waitMs);
    try {
      for (;;) {
        if (this.#latest && versionTag(this.#latest) !== tag) return this.#latest;
        if (this.#forgotten) return 'forgotten';
        if (late || this.#ended) return 'unchanged';
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  end(): void {
    this.#ended = true;
    this.#feed.unwatch(this.#jobId, this);
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#abort);
    this.#wake();
  }
}
