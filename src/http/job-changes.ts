import type { JobFeed } from '../jobs/feed/job-feed.ts';
import type { JobWatcher } from '../jobs/feed/job-watchers.ts';
import { isNewer, type JobState } from '../jobs/model/job-view.ts';
import { Condition } from './condition.ts';

/** Makes the tag of a job's state, for `ETag`. */
export function versionTag({ epoch, version }: JobState): string {
  return `${epoch}-${version}`;
}

/**
 * Follows one job for a client that may be slower than the job. The client gets the latest state, not every state. The end
 * of a run is the last one. The caller MUST end it. It also ends when one of its signals aborts.
 */
export class JobChanges implements JobWatcher {
  readonly tenant: string;
  readonly #feed: JobFeed;
  readonly #jobId: string;
  readonly #signals: readonly AbortSignal[];
  #latest: JobState | undefined;
  #forgotten = false;
  readonly #news = new Condition();
  readonly #abort = () => this.end();

  /** Watches from now on. The caller then reads the present state and {@link offer}s it. */
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
    return this.#news.ended;
  }

  onState(state: JobState): void {
    if (this.#latest?.terminal || !isNewer(state, this.#latest)) return;
    this.#latest = state;
    this.#news.notify();
  }

  onForgotten(): void {
    this.#forgotten = true;
    this.#news.notify();
  }

  /** Takes a state that the caller has read. If epochs differ, the state from the feed is the later one. */
  offer(state: JobState): void {
    if (!this.#latest || this.#latest.epoch === state.epoch) this.onState(state);
  }

  /**
   * Waits for a state with another tag than `tag`.
   * @returns `forgotten` if Redis lost the job; `unchanged` after `waitMs`, or at the end
   */
  async after(tag: string | undefined, waitMs: number): Promise<JobState | 'forgotten' | 'unchanged'> {
    const look = () => {
      if (this.#latest && versionTag(this.#latest) !== tag) return this.#latest;
      return this.#forgotten ? 'forgotten' : undefined;
    };
    return (await this.#news.until(look, waitMs)) ?? 'unchanged';
  }

  end(): void {
    this.#feed.unwatch(this.#jobId, this);
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#abort);
    this.#news.end();
  }
}
