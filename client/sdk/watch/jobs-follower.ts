import { isTerminal, JOB_STATUSES, outcomeOf, type Job } from '../../../src/contract/job.ts';
import type { JobChange, JobsFilter, JobsWatch, JobsWatchOptions } from '../api.ts';
import { SluiceError } from '../sluice-error.ts';
import type { Channel, ChannelFields, Cursor, Poll } from './channel.ts';
import type { Seen } from './epochs.ts';
import type { Hub } from './hub.ts';
import { callBack, Stream } from './stream.ts';

/** Jobs of one read. More would take a busy server long. */
const PAGE = 200;

/** One list of the server, and the number of its jobs to take. */
interface Part {
  status: readonly string[];
  most: number;
}

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
    const [first, ...others] = this.#parts() as [Part, ...Part[]];
    const page = (part: Part, left: number, cursor?: string): Poll => ({
      path: this.#path(part, cursor),
      take: (body, pageEpoch) => {
        const { jobs, next_cursor: next } = body as { jobs: Job[]; next_cursor?: string };
        if (pageEpoch !== '') epoch = pageEpoch;
        listed.push(...jobs.slice(0, left));
        if (next !== undefined && jobs.length < left) return page(part, left - jobs.length, next);
        const other = others.shift();
        if (other) return page(other, other.most);
        if (this.#hub.epochs.enter(epoch)) this.onSnapshot(listed, false, false);
        return undefined;
      },
      refuse: (code, detail) => this.onRefused(code, detail),
    });
    return page(first, first.most);
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
    if (isTerminal(job.status) && !this.#isRecent(job)) return false;
    if (!status) return true;
    return status.includes(job.status) || (outcomeOf(job) === 'cancelled' && status.includes('cancelled'));
  }

  /** Returns whether an ended job is among the latest ones. Another watch may bring an older one. */
  #isRecent({ id, completed_at: at = '' }: Job): boolean {
    const recent = this.#filter?.recent ?? 0;
    if (recent === 0) return false;
    const ended = [...this.#jobs.values()].filter((other) => isTerminal(other.status) && other.id !== id);
    return ended.length < recent || ended.some(({ completed_at = '' }) => completed_at <= at);
  }

  /** Lists what a poll reads: all active jobs, and the latest ended ones. */
  #parts(): Part[] {
    const { status = JOB_STATUSES, recent = 0 } = this.#filter ?? {};
    const isEnd = (word: string) => word === 'cancelled' || isTerminal(word as Job['status']);
    const { true: ends = [], false: active = [] } = Object.groupBy(status, (word) => `${isEnd(word)}`);
    const parts = [
      { status: active, most: Infinity },
      { status: ends, most: recent },
    ];
    const wanted = parts.filter((part) => part.status.length > 0 && part.most > 0);
    // A read that takes nothing shows that the filter is allowed, and has no job.
    return wanted.length > 0 ? wanted : [{ status, most: 0 }];
  }

  #path({ status, most }: Part, cursor: string | undefined): string {
    const limit = Math.min(Math.max(1, most), PAGE);
    const query = new URLSearchParams({ limit: String(limit), status: status.join(',') });
    if (this.#filter?.collection !== undefined) query.set('collection', this.#filter.collection);
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
