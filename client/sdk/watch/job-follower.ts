import { isTerminal, type Job } from '../../../src/contract/job.ts';
import type { JobWatch, JobWatchOptions } from '../api.ts';
import { SluiceError } from '../sluice-error.ts';
import type { Seen } from './epochs.ts';
import type { Hub, JobListener } from './hub.ts';
import { callBack, Stream } from './stream.ts';

/**
 * Time in ms in which the server restores a job that Redis lost. A worker looks for such jobs every ten seconds, less
 * often in a large store.
 */
const RESTORED_WITHIN_MS = 90_000;

/** Follows one job through the hub. */
export class JobFollower implements JobWatch, JobListener {
  readonly done: Promise<Job>;
  readonly #hub: Hub;
  readonly #options: JobWatchOptions;
  readonly #settle: { resolve(job: Job): void; reject(error: SluiceError): void };
  readonly #stream: Stream<Job>;
  #id: string | undefined;
  #job: Job | undefined;
  #seen: Seen | undefined;
  /** Whether the server knew the job once, so that it may restore it. */
  #existed: boolean;
  #lost: ReturnType<typeof setTimeout> | undefined;
  #ended = false;
  settled = false;

  /** @param id of the job, or a promise of it, from an upload */
  constructor(hub: Hub, id: string | Promise<string>, options: JobWatchOptions = {}) {
    this.#hub = hub;
    this.#options = options;
    const { promise, resolve, reject } = Promise.withResolvers<Job>();
    this.done = promise;
    this.#settle = { resolve, reject };
    // The caller may read only the stream.
    promise.catch(() => {});
    this.#stream = new Stream({ key: ({ id }) => id, isKept: ({ status }) => isTerminal(status) }, () =>
      this.#job ? [this.#job] : [],
    );
    this.#existed = typeof id !== 'string';
    if (typeof id === 'string') this.#follow(id);
    else
      id.then(
        (id) => this.#follow(id),
        (error: SluiceError) => this.#end(error),
      );
  }

  get job(): Job | undefined {
    return this.#job;
  }

  [Symbol.asyncIterator](): AsyncIterator<Job, undefined> {
    return this.#stream[Symbol.asyncIterator]();
  }

  stop(): void {
    this.#end(new SluiceError('closed', 'The watch was stopped.'));
  }

  onState(job: Job): void {
    const { epochs } = this.#hub;
    if (this.#ended || !epochs.isNewer(job.version, this.#seen)) return;
    clearTimeout(this.#lost);
    this.#lost = undefined;
    this.#existed = true;
    this.#seen = { generation: epochs.generation, version: job.version };
    this.#job = job;
    this.settled = isTerminal(job.status);
    this.#stream.push(job);
    callBack(this.#options.onJob, job);
    if (!this.settled) return;
    this.#settle.resolve(job);
    if (!this.#options.follow) this.#end();
  }

  onUnknown(): void {
    if (this.#ended || this.#lost !== undefined) return;
    const wasSettled = this.settled;
    // Any state that comes later is newer.
    this.#seen = undefined;
    if (!wasSettled || this.#options.follow) callBack(this.#options.onUnknown);
    if (wasSettled) return;
    if (this.#existed) this.#lost = setTimeout(() => this.#giveUp(), RESTORED_WITHIN_MS);
    else this.#giveUp();
  }

  onRefused(code: string, detail: string): void {
    this.#end(new SluiceError(code, detail, { detail }));
  }

  #giveUp(): void {
    this.settled = true;
    const error = new SluiceError('job_not_found', 'The server does not know this job.', { status: 404 });
    if (this.#options.follow) this.#settle.reject(error);
    else this.#end(error);
  }

  #follow(id: string): void {
    if (this.#ended) return;
    this.#id = id;
    this.#hub.add(id, this);
  }

  #end(error?: SluiceError): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#lost);
    if (this.#id !== undefined) this.#hub.remove(this.#id, this);
    if (error) this.#settle.reject(error);
    this.#stream.end(error && error.code !== 'closed' ? { error } : {});
  }
}
