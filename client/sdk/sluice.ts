import type {
  BatchWatch,
  BatchWatchOptions,
  FolderEntry,
  JobsFilter,
  JobsWatch,
  JobsWatchOptions,
  JobWatch,
  JobWatchOptions,
  Link,
  SluiceOptions,
  StatsWatch,
  StatsWatchOptions,
  Upload,
  UploadOptions,
  UploadSource,
} from './api.ts';
import { baseOf } from './addresses.ts';
import { Calls } from './calls.ts';
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
import { JobsFollower } from './watch/jobs-follower.ts';

export { SluiceError };

const UPLOADS_AT_ONCE = 3;
/** Time in ms for which the line stays open after the last watch, because another one often follows. */
const IDLE_MS = 1000;

/** A client of one Sluice server: uploads, watches and calls. */
export class Sluice extends Calls {
  readonly #keys: KeySource;
  readonly #hub: Hub;
  readonly #line: LineKeeper;
  readonly #uploads: UploadServices;
  #isPinned = false;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SluiceOptions = {}) {
    const keys = new KeySource(options.key, options.getKey);
    super(new Requester(baseOf(options.url), keys));
    this.#keys = keys;
    this.#hub = new Hub(() => this.#follow());
    this.#line = new LineKeeper({
      hub: this.#hub,
      keys: this.#keys,
      requester: this.requester,
      getTicket: options.getTicket,
      onLink: options.onLink,
    });
    this.#uploads = {
      requester: this.requester,
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

  /** Closes the line. Watches then wait for `connect`. */
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
    return new JobsFollower(this.#hub, undefined, options);
  }

  /** Follows the jobs that match a filter. */
  watchJobs(filter: JobsFilter, options?: JobsWatchOptions): JobsWatch {
    return new JobsFollower(this.#hub, filter, options);
  }

  /** Follows the counters of a batch until all its jobs have ended. */
  watchBatch(name: string, options?: BatchWatchOptions): BatchWatch {
    return new BatchFollower(this.#hub, name, options);
  }

  /** Follows the statistics of the queue. */
  watchStats(options?: StatsWatchOptions): StatsWatch {
    return new StatsFollower(this.#hub, options);
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
