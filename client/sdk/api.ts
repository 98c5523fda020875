import type { BatchView } from '../../src/contract/batches/batch.ts';
import type { Job, JobStatus } from '../../src/contract/job.ts';
import type { Stats } from '../../src/contract/jobs.ts';
import type { SearchRequest } from '../../src/contract/search.ts';
import type {
  ChunkingStrategy,
  Metadata,
  OnDuplicate,
  Priority,
  UploadAccepted,
} from '../../src/contract/upload.ts';
import type { SluiceError } from './sluice-error.ts';

/** Options of a client. */
export interface SluiceOptions {
  /** Address of the server, with its path prefix. A page may omit it, and then means the server that it came from. */
  url?: string | URL | undefined;
  /** API key. */
  key?: string | undefined;
  /**
   * Returns a key. `refused` is true if the server did not take the last one, or asks for one. The promise may take as
   * long as a person needs. Requests wait for it.
   */
  getKey?: ((refused: boolean) => string | undefined | Promise<string | undefined>) | undefined;
  /** Returns a ticket of `POST /api/ws-ticket` for each WebSocket, so that the client needs no key to watch. */
  getTicket?: (() => Promise<string>) | undefined;
  /** Keeps the idempotency keys of unfinished uploads. By default the browser's `localStorage`; in Node the memory. */
  storage?: SluiceStorage | undefined;
  /** Number of concurrent uploads. By default 3, because a browser opens few connections to a host. */
  uploadsAtOnce?: number | undefined;
  /** Called when the state of the line changes. */
  onLink?: ((link: Link) => void) | undefined;
}

/** A store of texts by name, such as `localStorage`. */
export interface SluiceStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
}

/**
 * State of the line. `live`: a WebSocket brings changes. `events`: an event stream does. `polling`: reads do, every two
 * seconds. `stale`: what the client knows may be out of date. `offline`: the server cannot be reached, or nothing is
 * watched.
 */
export type LinkState = 'live' | 'events' | 'polling' | 'stale' | 'offline';

/** The line to the server. */
export interface Link {
  readonly state: LinkState;
  /** Time when the state began, in ms since 1970. */
  readonly since: number;
  /** Time when the server was last heard, in ms since 1970; absent before. */
  readonly lastHeard: number | undefined;
  /** Reason why the client has stopped trying, such as a refused key. */
  readonly problem: SluiceError | undefined;
}

/** Follows something. A slow reader gets the latest states, and each end of a run. */
export interface Watch<T> extends AsyncIterable<T> {
  /** Ends the watch, its readers and its promises. */
  stop(): void;
}

export interface JobWatchOptions {
  /** Goes on after the end of the run, because a retry may start another one. The watch then ends with `stop`. */
  follow?: boolean | undefined;
  onJob?: ((job: Job) => void) | undefined;
  /** Called if the server does not know the job, or no longer. A lost job may return within a minute. */
  onUnknown?: (() => void) | undefined;
}

/** Follows one job. */
export interface JobWatch extends Watch<Job> {
  /** Last state; `undefined` before the first. */
  readonly job: Job | undefined;
  /** The terminal state. Rejects with a `SluiceError` if the server does not know the job. */
  readonly done: Promise<Job>;
}

/** A job's new state, or that it left the watched jobs. */
export type JobChange = { type: 'job'; job: Job } | { type: 'gone'; id: string };

export interface JobsWatchOptions {
  onChange?: ((change: JobChange) => void) | undefined;
}

/** Names jobs to follow: of a collection, with a status, or both. */
export interface JobsFilter {
  collection?: string;
  status?: (JobStatus | 'cancelled')[];
  /** Number of ended jobs to show, the latest ones. */
  recent?: number;
}

/** Follows many jobs. */
export interface JobsWatch extends Watch<JobChange> {
  /** The jobs by id. */
  readonly jobs: ReadonlyMap<string, Job>;
  /** Resolves once `jobs` is complete for the first time. */
  readonly ready: Promise<void>;
}

export interface BatchWatchOptions {
  /** Number of jobs that the batch will have. Without it, the watch ends as soon as no job of the batch is under way. */
  total?: number | undefined;
  onBatch?: ((batch: BatchView) => void) | undefined;
}

/** Follows the counters of a batch. */
export interface BatchWatch extends Watch<BatchView> {
  readonly batch: BatchView | undefined;
  /** The counters once every job has ended. */
  readonly done: Promise<BatchView>;
}

export interface StatsWatchOptions {
  onStats?: ((stats: Stats) => void) | undefined;
}

/** Follows the statistics of the queue. */
export interface StatsWatch extends Watch<Stats> {
  readonly stats: Stats | undefined;
}

/** A file to upload. A blob needs a name. */
export type UploadSource = File | { readonly name: string; readonly blob: Blob };

/** A folder or file that a user dropped: a `FileSystemEntry`. */
export interface FolderEntry {
  readonly isFile: boolean;
  readonly name: string;
}

/** Options of uploads. A field that is absent has the server's default. */
export interface UploadOptions {
  collection?: string | undefined;
  batch?: string | undefined;
  chunking_strategy?: ChunkingStrategy | undefined;
  chunk_size?: number | undefined;
  chunk_overlap?: number | undefined;
  include_hidden?: boolean | undefined;
  metadata?: Metadata | undefined;
  on_duplicate?: OnDuplicate | undefined;
  priority?: Priority | undefined;
  /** Fails the upload if it is not accepted within this time, in ms. By default it waits for a line that is down. */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Called when bytes are sent, and when the state changes. */
  onProgress?: ((upload: Upload) => void) | undefined;
}

/** `waiting`: for its turn. `pausing`: until the next try. */
export type UploadState = 'waiting' | 'sending' | 'pausing' | 'accepted' | 'failed';

/** One file on its way to the server. */
export interface Upload {
  readonly name: string;
  /** Size of the file, in bytes. */
  readonly size: number;
  readonly state: UploadState;
  /** Bytes of the file that this try has sent. */
  readonly sent: number;
  /** Error of the last try; `undefined` while all is well. */
  readonly problem: SluiceError | undefined;
  /** Resolves once the server has stored the file. Rejects with a `SluiceError`. */
  readonly accepted: Promise<UploadAccepted>;
  /** Follows the job of the file, from its acceptance on. */
  readonly job: JobWatch;
  /** Gives the upload up. A job that the server has already made goes on. */
  abort(): void;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Longest wait for a response, in ms. 15 s by default. */
  timeoutMs?: number | undefined;
}

/** Page of a list. */
export interface PageQuery {
  limit?: number;
  /** The `next_cursor` of the page before. */
  cursor?: string;
}

export interface ChunkQuery extends PageQuery {
  /** Index of the first chunk. */
  from?: number;
}

export interface ContentOptions {
  /** First and last byte. */
  range?: readonly [first: number, last: number];
  signal?: AbortSignal;
}

/** Keys to set, and those to remove (`null`). */
export type MetadataEdit = Record<string, string | number | boolean | null>;

export interface DocumentQuery extends PageQuery {
  collection?: string;
  filename?: string;
  /** A part of the name, in any case. */
  filename_contains?: string;
  /** A document matches if its metadata has each key with this value. */
  metadata?: Metadata;
  sort?: 'newest' | 'oldest';
  total?: boolean;
}

/** Names the documents that a call deletes: up to 1,000 ids, those that match each field, or all. */
export interface DocumentSelection {
  ids?: readonly string[];
  collection?: string;
  filename?: string;
  metadata?: Metadata;
  all?: true;
}

/** Fields of a filter of jobs. A job matches if it matches each. */
export interface JobFields {
  status?: (JobStatus | 'cancelled')[];
  error_code?: string[];
  collection?: string;
  filename?: string;
  batch?: string;
  /** RFC 3339 in UTC. */
  created_after?: string;
  created_before?: string;
}

export interface JobQuery extends PageQuery, JobFields {
  sort?: 'newest' | 'oldest';
  total?: boolean;
}

/** Names the jobs that a call changes: those that match, or all. */
export interface JobSelection extends JobFields {
  all?: true;
}

/** A search: the fields of `POST /api/search`. */
export type SearchQuery = Pick<SearchRequest, 'query'> & Partial<SearchRequest>;
