import type { Redis } from 'ioredis';

import type { JobStatus } from '../contract/job.ts';
import type { Keys } from '../redis/keys.ts';
import type { JobPayload } from './job-payload.ts';
import { loadScripts, type RunScript } from './scripts.ts';

/**
 * How many jobs that no person asked for may be under way. They wait in the same queue as uploads, so an upload waits
 * behind no more than that; it keeps several workers of 16 jobs busy.
 */
const MOST_UNDER_WAY = 200;
/** After a failure, and twice as long after each further one: what cannot be indexed must not be tried for ever. */
const WAIT_MS = 60 * 60 * 1000;
const LONGEST_WAIT_MS = 24 * WAIT_MS;
/** An original that is gone may come back with its disk. To look for it costs next to nothing. */
const LOOK_FOR_FILE_MS = 5 * 60 * 1000;

/** A generation of a document, as it was read. */
export interface LiveGeneration {
  id: string;
  generation: string;
}

/** A job that indexes a document again. */
export interface ReindexJob {
  id: string;
  createdAt: string;
  status: JobStatus;
}

/** The documents that miss chunks, and the jobs that index documents again. */
export class IncompleteDocuments {
  readonly #redis: Redis;
  readonly #run: RunScript;
  readonly #keys: Keys;
  readonly #maxRetries: number;

  /** @param maxRetries of a job: tries after the first */
  constructor(redis: Redis, keys: Keys, maxRetries: number) {
    this.#redis = redis;
    this.#run = loadScripts(redis);
    this.#keys = keys;
    this.#maxRetries = maxRetries;
  }

  /**
   * Notes how many chunks of a live generation are missing; 0 for none.
   * @returns whether that is news; `false`, too, when the generation is live no more
   */
  async note({ id, generation }: LiveGeneration, missing: number): Promise<boolean> {
    const { document, incomplete } = this.#keys;
    return (await this.#run('note-missing', [document(id), incomplete], [id, generation, missing])) === 1;
  }

  /** Notes that a document's original is gone. @returns whether that is news */
  async noteFileGone({ id, generation }: LiveGeneration): Promise<boolean> {
    const { document, incomplete } = this.#keys;
    const args = [id, generation, LOOK_FOR_FILE_MS];
    return (await this.#run('note-file-gone', [document(id), incomplete], args)) === 1;
  }

  /** Notes the settings of a document that an older version registered without. @returns whether it had none */
  async noteSettings(
    { id, generation }: LiveGeneration,
    fields: Readonly<Record<string, string>>,
  ): Promise<boolean> {
    const args = [generation, ...Object.entries(fields).flat()];
    return (await this.#run('note-settings', [this.#keys.document(id)], args)) === 1;
  }

  /** The ids of documents to index again now: as many as may be under way beside those that are. */
  async due(): Promise<string[]> {
    const { incomplete, reindexing, jobPrefix, documentPrefix } = this.#keys;
    const args = [jobPrefix, documentPrefix, MOST_UNDER_WAY, WAIT_MS, LONGEST_WAIT_MS];
    return (await this.#run('due-reindexes', [incomplete, reindexing], args)) as string[];
  }

  /** Forgets documents that are registered no more. */
  async forget(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#redis.zrem(this.#keys.incomplete, ...ids);
  }

  /**
   * Queues a job that indexes a document again, unless one is under way.
   * @param jobId the id of the job, if it is made
   * @returns the job, this or the other; `undefined` when the generation is live no more
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
      sequence,
      history,
      recent,
      incomplete,
      reindexing,
      jobPrefix,
    } = this.#keys;
    const lists = [queue, active, sequence, history, recent, incomplete, reindexing];
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
    const answer = await this.#run(
      'reindex',
      [document(id), jobKey(jobId), ...lists],
      [...job, jobPrefix, LONGEST_WAIT_MS],
    );
    if (answer === null) return undefined;
    const [made, createdAt, status] = answer as [string, string, JobStatus];
    return { id: made, createdAt, status };
  }
}
