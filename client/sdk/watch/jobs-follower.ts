import { isTerminal, outcomeOf, type Job } from '../../../src/contract/job.ts';
import type { JobChange, JobsFilter, JobsWatch, JobsWatchOptions } from '../api.ts';
import { SluiceError } from '../sluice-error.ts';
import type { Channel, ChannelFields, Cursor, Poll } from './channel.ts';
import type { Seen } from './epochs.ts';
import type { Hub } from './hub.ts';
import { callBack, Stream } from './stream.ts';

/** Jobs of one read. More would take a busy server long. */
const PAGE = 200;

/** Follows the active jobs, or those that match a filter. */
export class JobsFollower implements JobsWatch, Channel {
  readonly fields: ChannelFields;
  readonly ready: Promise<void>;
  readonly jobs: ReadonlyMap<string, Job>;
  cursor: Cursor | undefined;
  readonly #hub: Hub;
  readonly #filter: JobsFilter | undefined;
  readonly #options: JobsWatchOptions;
  readonly #jobs = new Map<string, Job>();
  readonly #seen = new Map<string, Seen>();
  readonly #settle: { resolve(): void; reject(error: SluiceError): void };
  readonly #stream: Stream<JobChange>;
  /** Ids of the snapshot so far. */
  #listed = new Set<string>();

  /** @param filter `undefined` for the active jobs */
  constructor(hub: Hub, filter: JobsFilter | undefined, options: JobsWatchOptions = {}) {
    this.#hub = hub;
    this.#filter = filter;
    this.#options = options;
    this.fields = filter ? { channel: 'jobs', ...filter } : { channel: 'active' };
    this.jobs = this.#jobs;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#settle = { resolve, reject };
    promise.catch(() => {});
    this.#stream = new Stream<JobChange>(
      {
        key: (change) => (change.type === 'job' ? change.job.id : change.id),
        isKept: (change) => change.type === 'gone' || isTerminal(change.job.status),
      },
      () => [...this.#jobs.values()].map((job) => ({ type: 'job', job })),
    );
    hub.open(this);
  }

  [Symbol.asyncIterator](): AsyncIterator<JobChange, undefined> {
    return this.#stream[Symbol.asyncIterator]();
  }

  stop(): void {
    this.#end(new SluiceError('closed', 'The watch was stopped.'));
  }

  poll(): Poll {
    const listed: Job[] = [];
    let epoch = '';
    const page = (cursor?: string): Poll => ({
      path: this.#path(cursor),
      take: (body, pageEpoch) => {
        const { jobs, next_cursor: next } = body as { jobs: Job[]; next_cursor?: string };
        if (pageEpoch !== '') epoch = pageEpoch;
        listed.push(...jobs);
        const wanted = this.#filter?.recent ?? Infinity;
        if (next !== undefined && listed.length < wanted) return page(next);
        if (this.#hub.epochs.enter(epoch)) this.onSnapshot(listed, false, false);
        return undefined;
      },
      refuse: (code, detail) => this.onRefused(code, detail),
    });
    return page();
  }

  onState(job: Job): void {
    if (this.#jobs.has(job.id) || this.#matches(job)) this.#take(job);
  }

  onSubscribed(): void {
    this.#listed = new Set();
  }

  onSnapshot(jobs: readonly Job[], more: boolean, resumed: boolean): void {
    for (const job of jobs) {
      this.#listed.add(job.id);
      this.#take(job);
    }
    if (more) return;
    const listed = this.#listed;
    this.#listed = new Set();
    if (!resumed) this.#leave([...this.#jobs.keys()].filter((id) => !listed.has(id)));
    this.#settle.resolve();
  }

  onGone(ids: readonly string[]): void {
    for (const id of ids) {
      if (!this.#jobs.delete(id)) continue;
      this.#seen.delete(id);
      this.#push({ type: 'gone', id });
    }
  }

  onLookedUp(id: string, job: Job | undefined): void {
    if (job) this.#take(job);
    if (!job || !this.#matches(job)) this.onGone([id]);
  }

  onBatch(): void {}
  onStats(): void {}

  onRefused(code: string, detail: string): void {
    this.#end(new SluiceError(code, detail, { detail }));
  }

  /** Drops jobs that the snapshot no longer lists. It reads a job once more if it has not heard its end. */
  #leave(ids: readonly string[]): void {
    const { ended = [], open = [] } = Object.groupBy(ids, (id) =>
      isTerminal((this.#jobs.get(id) as Job).status) ? 'ended' : 'open',
    );
    this.onGone(ended);
    this.#hub.lookUp(open, this);
  }

  #take(job: Job): void {
    const { epochs } = this.#hub;
    if (!epochs.isNewer(job.version, this.#seen.get(job.id))) return;
    this.#seen.set(job.id, { generation: epochs.generation, version: job.version });
    this.#jobs.set(job.id, job);
    this.#push({ type: 'job', job });
  }

  #matches(job: Job): boolean {
    if (!this.#filter) return !isTerminal(job.status);
    const { collection, status } = this.#filter;
    if (collection !== undefined && job.collection !== collection) return false;
    if (!status) return true;
    return status.includes(job.status) || (outcomeOf(job) === 'cancelled' && status.includes('cancelled'));
  }

  #path(cursor: string | undefined): string {
    const { collection, status, recent } = this.#filter ?? { status: ['queued', 'processing', 'retrying'] };
    const query = new URLSearchParams({ limit: String(Math.min(recent ?? PAGE, PAGE)) });
    if (collection !== undefined) query.set('collection', collection);
    if (status) query.set('status', status.join(','));
    if (cursor !== undefined) query.set('cursor', cursor);
    return `api/jobs?${query}`;
  }

  #push(change: JobChange): void {
    this.#stream.push(change);
    callBack(this.#options.onChange, change);
  }

  #end(error: SluiceError): void {
    this.#hub.close(this);
    this.#settle.reject(error);
    this.#stream.end(error.code === 'closed' ? {} : { error });
  }
}
