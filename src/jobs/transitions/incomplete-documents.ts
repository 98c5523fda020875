import type { Redis } from 'ioredis';

import type { JobStatus } from '../../contract/job.ts';
import type { Keys } from '../../redis/keys.ts';
import type { JobPayload } from '../model/job-payload.ts';
import { loadScripts, type RunScript } from './load-scripts.ts';

/**
 * Limits the reindex jobs under way that no client asked for. They share the queue with uploads, so an upload waits
 * behind at most this number. It keeps several workers of 16 jobs busy.
 */
const MOST_UNDER_WAY = 200;
/** Wait in ms after a failure. Each further failure doubles it, because a failing document must not run for ever. */
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
    this.#run = loadScripts(redis, keys);
    this.#keys = keys;
    this.#maxRetries = maxRetries;
  }

  /**
   * Records the number of missing chunks of a live generation; 0 for none.
   * @returns whether the number changed; `false` also when the generation is no longer live
   */
  async note({ id, generation }: LiveGeneration, missing: number): Promise<boolean> {
    return this.#run('note-missing', { document_key: this.#keys.document(id), id, generation, missing });
  }

  /** Records that a document's original is gone. @returns whether this is new */
  async noteFileGone({ id, generation }: LiveGeneration): Promise<boolean> {
    const document_key = this.#keys.document(id);
    return this.#run('note-file-gone', { document_key, id, generation, wait_ms: LOOK_FOR_FILE_MS });
  }

  /** Records the settings of a document that an older version registered without any. @returns whether it had none */
  async noteSettings(
    { id, generation }: LiveGeneration,
    fields: Readonly<Record<string, string>>,
  ): Promise<boolean> {
    return this.#run('note-settings', {
      document_key: this.#keys.document(id),
      generation,
      fields: Object.entries(fields).flat(),
    });
  }

  /** Returns the ids of due documents, up to the free part of the limit on jobs under way. */
  async due(): Promise<string[]> {
    return this.#run('due-reindexes', {
      limit: MOST_UNDER_WAY,
      wait_ms: WAIT_MS,
      longest_wait_ms: LONGEST_WAIT_MS,
    });
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
    return this.#run('reindex', {
      document_key: this.#keys.document(id),
      job_key: this.#keys.job(jobId),
      id: jobId,
      document_id: id,
      generation,
      tenant,
      payload: JSON.stringify(payload),
      max_retries: this.#maxRetries,
      filename: payload.filename,
      collection: payload.collection,
      longest_wait_ms: LONGEST_WAIT_MS,
    });
  }
}
