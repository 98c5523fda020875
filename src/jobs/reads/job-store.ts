import type { Redis } from 'ioredis';

import { outcomeOf, type JobStatus, type Outcome } from '../../contract/job.ts';
import { DEFAULT_TENANT, type Keys } from '../../redis/keys.ts';
import { isWrongType } from '../../redis/wrong-type.ts';
import { EpochTracker, type KeptPosition } from './epoch-tracker.ts';
import { parsePayload, type JobPayload } from '../model/job-payload.ts';
import { toJobView, toJobState, type JobHash, type JobState } from '../model/job-view.ts';

/** In so many reads behind each other Redis will not have begun another epoch. */
const MAX_EPOCHS = 3;
/** So many at once keep neither Redis nor this process busy for long. */
const READ_AT_ONCE = 200;

/** Fields to run a job again; `payload` is absent if it is invalid. */
export interface StoredUpload {
  status: JobStatus;
  outcome: Outcome | undefined;
  run: number;
  version: number;
  tenant: string;
  payload: JobPayload | undefined;
}

/** Reads jobs as the transports send them. Writes nothing, but for the name of an epoch that it is the first to notice. */
export class JobStore {
  readonly #redis: Redis;
  readonly #keys: Keys;
  /** Tracks the epoch of the store's connection. A connection has one tracker. */
  readonly epochs: EpochTracker;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
    this.epochs = new EpochTracker(redis, keys);
  }

  /** Reads a tenant's job. @returns `undefined` for an unknown id, and for a job of another tenant */
  async read(tenant: string, id: string): Promise<JobState | undefined> {
    const [state] = await this.readAll([id]);
    return state?.tenant === tenant ? state : undefined;
  }

  /**
   * Reads many jobs, of any tenant: who acts for one MUST compare it. One round trip; in more where Redis has become another epoch.
   * @returns a state or `undefined` for each id, in the ids' order
   */
  async readAll(ids: readonly string[]): Promise<(JobState | undefined)[]> {
    if (ids.length === 0) return [];
    for (let tries = 0; tries < MAX_EPOCHS; tries++) {
      const { position, hashes } = await this.#readHashes(ids);
      if (this.epochs.isCurrent(position))
        return hashes.map((hash, i) =>
          Object.keys(hash).length === 0
            ? undefined
            : toJobState({ ...hash, id: ids[i] as string }, position.epoch),
        );
      await this.epochs.open();
    }
    throw new Error('Redis begins one epoch after the other');
  }

  /**
   * Reads any number of jobs, of any tenant as {@link readAll} does, some at a time. The first may be of another
   * epoch than the last.
   * @param cancelled asked before each page: true ends it there
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
    };
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

  /** The ids of all jobs that are not terminal. */
  async activeIds(): Promise<string[]> {
    return this.#redis.smembers(this.#keys.active);
  }

  /** The name of the epoch that versions belong to; empty before the first job ever. */
  async epoch(): Promise<string> {
    return (await this.#redis.get(this.#keys.epoch)) ?? '';
  }
}

/** A key that another program made something else than a hash is no job of anybody's. @throws any other error */
function noJob(error: Error): JobHash {
  if (isWrongType(error)) return {};
  throw error;
}
