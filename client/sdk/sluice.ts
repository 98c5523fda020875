import type { BatchView } from '../../src/contract/batches/batch.ts';
import type { ChunkList, DocumentList, Document } from '../../src/contract/documents.ts';
import type { Job, Timeline } from '../../src/contract/job.ts';
import type { BulkResult, JobList, Stats } from '../../src/contract/jobs.ts';
import type { SearchResponse } from '../../src/contract/search.ts';
import type {
  BatchWatch,
  BatchWatchOptions,
  CallOptions,
  DocumentQuery,
  FolderEntry,
  JobQuery,
  JobsFilter,
  JobsWatch,
  JobsWatchOptions,
  JobWatch,
  JobWatchOptions,
  Link,
  PageQuery,
  SearchQuery,
  SluiceOptions,
  StatsWatch,
  StatsWatchOptions,
  Upload,
  UploadOptions,
  UploadSource,
} from './api.ts';
import { baseOf, queryOf } from './addresses.ts';
import { pageStorage } from './environment.ts';
import { KeySource } from './key-source.ts';
import { LineKeeper } from './link/line-keeper.ts';
import { Requester } from './requester.ts';
import { SluiceError } from './sluice-error.ts';
import { listFiles } from './upload/folder-files.ts';
import { FileUpload } from './upload/file-upload.ts';
import { IdempotencyKeys } from './upload/idempotency-keys.ts';
import { Slots } from './upload/slots.ts';
import type { UploadServices } from './upload/upload-services.ts';
import { BatchFollower, StatsFollower } from './watch/counters.ts';
import { Hub } from './watch/hub.ts';
import { JobFollower } from './watch/job-follower.ts';
import { FollowedJobs } from './watch/followed-jobs.ts';

export { SluiceError };

const UPLOADS_AT_ONCE = 3;
/** Time in ms for which the line stays open after the last watch, because another one often follows. */
const IDLE_MS = 1000;

/** A client of one Sluice server: uploads, watches and calls. */
export class Sluice {
  readonly #keys: KeySource;
  readonly #requester: Requester;
  readonly #hub: Hub;
  readonly #line: LineKeeper;
  readonly #uploads: UploadServices;
  #isPinned = false;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SluiceOptions = {}) {
    this.#keys = new KeySource(options.key, options.getKey);
    this.#requester = new Requester(baseOf(options.url), this.#keys);
    this.#hub = new Hub(() => this.#follow());
    this.#line = new LineKeeper({
      hub: this.#hub,
      keys: this.#keys,
      requester: this.#requester,
      getTicket: options.getTicket,
      onLink: options.onLink,
    });
    this.#uploads = {
      requester: this.#requester,
      keys: this.#keys,
      hub: this.#hub,
      line: this.#line,
      slots: new Slots(options.uploadsAtOnce ?? UPLOADS_AT_ONCE),
      idempotency: new IdempotencyKeys(options.storage ?? pageStorage()),
    };
  }

  /** Lists all files of dropped files and folders, at any depth. */
  static listFiles(entries: readonly FolderEntry[]): Promise<File[]> {
    return listFiles(entries);
  }

  /** State of the line. */
  get link(): Link {
    return this.#line;
  }

  /** Opens the line, and keeps it open while nothing is watched, too. */
  connect(): void {
    this.#isPinned = true;
    if (!this.#line.isRunning) this.#line.start();
  }

  /** Closes the line. What is watched then waits for `connect`. */
  close(): void {
    this.#isPinned = false;
    clearTimeout(this.#idle);
    this.#line.stop();
  }

  /** Uses another key from now on, also on the open line. */
  setKey(key: string | undefined): void {
    this.#keys.set(key);
    if (this.#line.isRunning) this.#line.start();
  }

  /** Uploads a file, each of many, or those of dropped folders. */
  upload(file: UploadSource, options?: UploadOptions): Upload;
  upload(files: Iterable<UploadSource>, options?: UploadOptions): Upload[];
  upload(folders: readonly FolderEntry[], options?: UploadOptions): Promise<Upload[]>;
  upload(
    given: UploadSource | Iterable<UploadSource> | readonly FolderEntry[],
    options: UploadOptions = {},
  ): Upload | Upload[] | Promise<Upload[]> {
    if (isSource(given)) return this.#upload(given, options);
    const all = [...given];
    const entries = all.filter((item) => 'isFile' in item);
    if (entries.length === 0) return (all as UploadSource[]).map((file) => this.#upload(file, options));
    return listFiles(entries).then((files) => files.map((file) => this.#upload(file, options)));
  }

  /** Follows a job until its run ends. */
  watch(id: string, options?: JobWatchOptions): JobWatch {
    return new JobFollower(this.#hub, id, options);
  }

  /** Follows all jobs while they are active. */
  watchActive(options?: JobsWatchOptions): JobsWatch {
    return new FollowedJobs(this.#hub, undefined, options);
  }

  /** Follows the jobs that match a filter. */
  watchJobs(filter: JobsFilter, options?: JobsWatchOptions): JobsWatch {
    return new FollowedJobs(this.#hub, filter, options);
  }

  /** Follows the counters of a batch until all its jobs have ended. */
  watchBatch(name: string, options?: BatchWatchOptions): BatchWatch {
    return new BatchFollower(this.#hub, name, options);
  }

  /** Follows the statistics of the queue. */
  watchStats(options?: StatsWatchOptions): StatsWatch {
    return new StatsFollower(this.#hub, options);
  }

  /** Finds the chunks that match a query, best first. */
  search(query: SearchQuery, options: CallOptions = {}): Promise<SearchResponse> {
    return this.#requester.json('api/search', { method: 'POST', body: query, ...options });
  }

  /** Reads a page of the documents. */
  documents(query: DocumentQuery = {}, options: CallOptions = {}): Promise<DocumentList> {
    return this.#requester.json(`api/documents${queryOf(query)}`, options);
  }

  document(id: string, options: CallOptions = {}): Promise<Document> {
    return this.#requester.json(`api/documents/${encodeURIComponent(id)}`, options);
  }

  /** Reads a page of a document's chunks. */
  chunks(id: string, query: PageQuery = {}, options: CallOptions = {}): Promise<ChunkList> {
    return this.#requester.json(`api/documents/${encodeURIComponent(id)}/chunks${queryOf(query)}`, options);
  }

  async deleteDocument(id: string, options: CallOptions = {}): Promise<void> {
    await this.#requester.send(`api/documents/${encodeURIComponent(id)}`, { method: 'DELETE', ...options });
  }

  job(id: string, options: CallOptions = {}): Promise<Job> {
    return this.#requester.json(`api/jobs/${encodeURIComponent(id)}`, options);
  }

  timeline(id: string, options: CallOptions = {}): Promise<Timeline> {
    return this.#requester.json(`api/jobs/${encodeURIComponent(id)}/timeline`, options);
  }

  /** Reads a page of the jobs. */
  jobs(query: JobQuery = {}, options: CallOptions = {}): Promise<JobList> {
    return this.#requester.json(`api/jobs${queryOf(query)}`, options);
  }

  /** Cancels a job. */
  cancel(id: string, options: CallOptions = {}): Promise<Job> {
    return this.#post(`api/jobs/${encodeURIComponent(id)}/cancel`, options);
  }

  /** Runs a failed job again, or retries a waiting one now. */
  retry(id: string, options: CallOptions = {}): Promise<Job> {
    return this.#post(`api/jobs/${encodeURIComponent(id)}/retry`, options);
  }

  batch(name: string, options: CallOptions = {}): Promise<BatchView> {
    return this.#requester.json(`api/batches/${encodeURIComponent(name)}`, options);
  }

  /** Cancels the jobs of a batch that have not ended. */
  cancelBatch(name: string, options: CallOptions = {}): Promise<BulkResult> {
    return this.#changeBatch(`${encodeURIComponent(name)}/cancel`, {}, options);
  }

  /** Retries the failed jobs of a batch: all, or those with one error code. */
  retryBatch(name: string, errorCode?: string, options: CallOptions = {}): Promise<BulkResult> {
    const body = errorCode === undefined ? {} : { error_code: errorCode };
    return this.#changeBatch(`${encodeURIComponent(name)}/retry`, body, options);
  }

  stats(options: CallOptions = {}): Promise<Stats> {
    return this.#requester.json('api/stats', options);
  }

  /** Changes the jobs of a batch, in as many calls as the server needs. */
  async #changeBatch(path: string, body: object, options: CallOptions): Promise<BulkResult> {
    const all: BulkResult = { matched: 0, changed: 0, skipped: 0, failed: [] };
    let cursor: string | undefined;
    do {
      const asked = { ...body, ...(cursor !== undefined && { cursor }) };
      const some: BulkResult = await this.#post(`api/batches/${path}`, { body: asked, ...options });
      for (const count of ['matched', 'changed', 'skipped'] as const) all[count] += some[count];
      all.failed.push(...some.failed);
      cursor = some.next_cursor;
    } while (cursor !== undefined);
    return all;
  }

  #post<T>(path: string, options: CallOptions & { body?: unknown }): Promise<T> {
    return this.#requester.json(path, { method: 'POST', ...options });
  }

  #upload(source: UploadSource, options: UploadOptions): Upload {
    const blob = 'blob' in source ? source.blob : source;
    return new FileUpload(source.name, blob, options, this.#uploads);
  }

  /** Opens the line for the first watch, and closes it some time after the last. */
  #follow(): void {
    clearTimeout(this.#idle);
    if (this.#line.isRunning) this.#line.sync();
    else if (!this.#hub.idle) this.#line.start();
    if (this.#isPinned || !this.#hub.idle) return;
    this.#idle = setTimeout(() => this.#line.stop(), IDLE_MS);
  }
}

function isSource(given: object): given is UploadSource {
  return given instanceof Blob || 'blob' in given;
}
