import type { Redis } from 'ioredis';

import type { JobStatus } from '../../contract/job.ts';
import type { Keys } from '../../redis/keys.ts';
import type { JobPayload } from '../model/job-payload.ts';
import { loadScripts, type RunScript } from './scripts.ts';

/**
 * Limits the reindex jobs under way that no client asked for. They share the queue with uploads, so an upload waits
 * behind at most this number. It keeps several workers of 16 jobs busy.
 */
const MOST_UNDER_WAY = 200;
/** Wait in ms after a failure, doubled after each further one: a document that fails must not run for ever. */
const WAIT_MS = 60 * 60 * 1000;
const LONGEST_WAIT_MS = 24 * WAIT_MS;
/** Interval in ms to look for a missing original, which may return with its disk. A look costs next to nothing. */
const LOOK_FOR_FILE_MS = 5 * 60 * 1000;

/** Identifies the generation of a document that the caller has read. */
export interface LiveGeneration {
  id: string;
  generation: string;
}

/** Describes a job that indexes a document again. */
export interface ReindexJob {
  id: string;
  createdAt: string;
  status: JobStatus;
}

/** Tracks the documents that miss chunks, and the jobs that index documents again. */
export class IncompleteDocuments {
  readonly #redis: Redis;
  readonly #run: RunScript;
  readonly #keys: Keys;
  readonly #maxRetries: number;

  /** @param maxRetries retries of a job, after its first attempt */
  constructor(redis: Redis, keys: Keys, maxRetries: number) {
    this.#redis = redis;
    this.#run = loadScripts(redis);
    this.#keys = keys;
    this.#maxRetries = maxRetries;
  }

  /**
   * Records the number of missing chunks of a live generation; 0 for none.
   * @returns whether the number changed; `false` also when the generation is no longer live
   */
  async note({ id, generation }: LiveGeneration, missing: number): Promise<boolean> {
    const { document, incomplete } = this.#keys;
    return (await this.#run('note-missing', [document(id), incomplete], [id, generation, missing])) === 1;
  }

  /** Records that a document's original is gone. @returns whether this is new */
  async noteFileGone({ id, generation }: LiveGeneration): Promise<boolean> {
    const { document, incomplete } = this.#keys;
    const args = [id, generation, LOOK_FOR_FILE_MS];
    return (await this.#run('note-file-gone', [document(id), incomplete], args)) === 1;
  }

  /** Records the settings of a document that an older version registered without any. @returns whether it had none */
  async noteSettings(
    { id, generation }: LiveGeneration,
    fields: Readonly<Record<string, string>>,
  ): Promise<boolean> {
    const args = [generation, ...Object.entries(fields).flat()];
    return (await this.#run('note-settings', [this.#keys.document(id)], args)) === 1;
  }

  /** Returns the ids of due documents, up to the free part of the limit on jobs under way. */
  async due(): Promise<string[]> {
    const { incomplete, reindexing, jobPrefix, documentPrefix } = this.#keys;
    const args = [jobPrefix, documentPrefix, MOST_UNDER_WAY, WAIT_MS, LONGEST_WAIT_MS];
    return (await this.#run('due-reindexes', [incomplete, reindexing], args)) as string[];
  }

  /** Removes documents that are no longer registered. */
  async forget(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#redis.zrem(this.#keys.incomplete, ...ids);
  }

  /**
   * Queues a job that indexes a document again, unless one is under way.
   * @param jobId the id of the new job
   * @returns the new job, or the one under way; `undefined` when the generation is no longer live
   */
  async reindex(
    { id, generation }: LiveGeneration,
    jobId: string,
    tenant: string,
    payload: JobPayload,
  ): Promise<ReindexJob | undefined> {
    const {
      document,
      job: jobKey,
      queue,
      active,
      offset,
      epoch,
      recent,
      incomplete,
      reindexing,
      jobPrefix,
    } = this.#keys;
    const lists = [queue, active, offset, epoch, recent, incomplete, reindexing];
    const { filename, collection } = payload;
    const job = [
      jobId,
      id,
      generation,
      tenant,
      JSON.stringify(payload),
      this.#maxRetries,
      filename,
      collection,
    ];
    const reply = await this.#run(
      'reindex',
      [document(id), jobKey(jobId), ...lists],
      [...job, jobPrefix, LONGEST_WAIT_MS],
    );
    if (reply === null) return undefined;
    const [made, createdAt, status] = reply as [string, string, JobStatus];
    return { id: made, createdAt, status };
  }
}
