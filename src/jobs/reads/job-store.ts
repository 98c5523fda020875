import type { Redis } from 'ioredis';

import { outcomeOf, type JobStatus, type Outcome, type Timeline } from '../../contract/job.ts';
import { DEFAULT_TENANT, type Keys } from '../../redis/keys.ts';
import { isWrongType } from '../../redis/wrong-type.ts';
import { ChangedJobs } from './changed-jobs.ts';
import { EpochTracker, type KeptPosition } from './epoch-tracker.ts';
import { parsePayload, type JobPayload } from '../model/job-payload.ts';
import { readTimeline } from '../model/timeline.ts';
import { toJobView, JobState, type JobHash } from '../model/job-view.ts';

/** Most reads of one call. Redis does not begin an epoch in each of them. */
const MAX_EPOCHS = 3;
/** Jobs a round trip. More would block Redis and this process for long. */
const READ_AT_ONCE = 200;

/** Fields to run a job again; `payload` is absent if it is invalid. */
export interface StoredUpload {
  status: JobStatus;
  outcome: Outcome | undefined;
  run: number;
  version: number;
  tenant: string;
  payload: JobPayload | undefined;
  /** Whether it completed with the document of an earlier upload. */
  isDuplicate: boolean;
}

/** Reads jobs as the transports send them. It writes only the name of an epoch that it notices first. */
export class JobStore {
  readonly #redis: Redis;
  readonly #keys: Keys;
  /** Tracks the epoch of the store's connection. A connection has one tracker. */
  readonly epochs: EpochTracker;
  readonly changes: ChangedJobs;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
    this.epochs = new EpochTracker(redis, keys);
    this.changes = new ChangedJobs(redis, keys);
  }

  /** Reads a tenant's job. @returns `undefined` for an unknown id, and for a job of another tenant */
  async read(tenant: string, id: string): Promise<JobState | undefined> {
    const [state] = await this.readAll([id]);
    return state?.tenant === tenant ? state : undefined;
  }

  /**
   * Reads many jobs of any tenant. A caller that acts for a tenant MUST compare it. Takes one round trip, more in a new
   * epoch.
   * @param isWanted tells by its hash whether the caller wants a job
   * @returns a state or `undefined` for each id, in the ids' order
   */
  async readAll(
    ids: readonly string[],
    isWanted: (hash: JobHash) => boolean = () => true,
  ): Promise<(JobState | undefined)[]> {
    if (ids.length === 0) return [];
    for (let tries = 0; tries < MAX_EPOCHS; tries++) {
      const { position, hashes } = await this.#readHashes(ids);
      if (this.epochs.isCurrent(position))
        return hashes.map((hash, i) =>
          Object.keys(hash).length === 0 || !isWanted(hash)
            ? undefined
            : new JobState({ ...hash, id: ids[i] as string }, position.epoch),
        );
      await this.epochs.open();
    }
    throw new Error(`Redis began an epoch in each of ${MAX_EPOCHS} reads. Look for restarts in its log.`);
  }

  /**
   * Reads any number of jobs, of any tenant as {@link readAll} does, some at a time. The first may be of another
   * epoch than the last.
   * @param cancelled called before each page; true ends the read
   */
  async readInPages(ids: readonly string[], cancelled = () => false): Promise<(JobState | undefined)[]> {
    const states: (JobState | undefined)[] = [];
    for (let from = 0; from < ids.length && !cancelled(); from += READ_AT_ONCE)
      states.push(...(await this.readAll(ids.slice(from, from + READ_AT_ONCE))));
    return states;
  }

  async #readHashes(ids: readonly string[]): Promise<{ position: KeptPosition; hashes: JobHash[] }> {
    const { epoch, offset, server } = this.#keys;
    const pipeline = this.#redis.pipeline();
    pipeline.mget(epoch, offset, server);
    for (const id of ids) pipeline.hgetall(this.#keys.job(id));
    const replies = (await pipeline.exec()) ?? [];
    const [kept, ...hashes] = replies.map(([error, value], i) => {
      if (error && i > 0) return noJob(error);
      if (error) throw error;
      return value;
    });
    const [name, count, runId] = kept as (string | null)[];
    const position = { epoch: name ?? '', offset: Number(count), server: runId ?? '' };
    return { position, hashes: hashes as JobHash[] };
  }

  /** Reads the fields to run a tenant's job again. @returns `undefined` for a job of another tenant */
  async readUpload(tenant: string, id: string): Promise<StoredUpload | undefined> {
    const hash = await this.#redis.hgetall(this.#keys.job(id)).catch(noJob);
    if (Object.keys(hash).length === 0) return undefined;
    if ((hash['tenant'] ?? DEFAULT_TENANT) !== tenant) return undefined;
    const job = toJobView(hash);
    const read = parsePayload(hash['payload']);
    return {
      status: job.status,
      outcome: outcomeOf(job),
      run: job.run,
      version: job.version,
      tenant,
      payload: read.ok ? read.payload : undefined,
      isDuplicate: job.result?.duplicate === true,
    };
  }

  /** Reads the timeline of a tenant's job. @returns `undefined` for an unknown id, and for a job of another tenant */
  async readTimeline(tenant: string, id: string): Promise<Timeline | undefined> {
    const key = this.#keys.job(id);
    const exists = this.#redis.exists(key);
    const fields = await this.#redis.hmget(key, 'tenant', 'timeline').catch((error: Error) => {
      if (isWrongType(error)) return undefined;
      throw error;
    });
    if (!fields || (await exists) === 0) return undefined;
    const [owner, timeline] = fields;
    return (owner ?? DEFAULT_TENANT) === tenant ? readTimeline(timeline ?? '') : undefined;
  }

  /** Lists the file keys of all active jobs. */
  async activeFiles(): Promise<Set<string>> {
    const ids = await this.activeIds();
    const files = new Set<string>();
    for (let from = 0; from < ids.length; from += READ_AT_ONCE) {
      const pipeline = this.#redis.pipeline();
      for (const id of ids.slice(from, from + READ_AT_ONCE)) pipeline.hget(this.#keys.job(id), 'payload');
      for (const [error, payload] of (await pipeline.exec()) ?? []) {
        if (error) noJob(error);
        const read = parsePayload((payload as string | null) ?? undefined);
        if (read.ok) files.add(read.payload.file_key);
      }
    }
    return files;
  }

  /** Lists the ids of all active jobs. */
  async activeIds(): Promise<string[]> {
    return this.#redis.smembers(this.#keys.active);
  }

  /** Returns the name of the epoch; empty before the first job. */
  async epoch(): Promise<string> {
    return (await this.#redis.get(this.#keys.epoch)) ?? '';
  }
}

/** Treats a key of another type as no job, because another program wrote it. @throws any other error */
function noJob(error: Error): JobHash {
  if (isWrongType(error)) return {};
  throw error;
}
