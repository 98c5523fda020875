import type { Redis } from 'ioredis';

import type { Keys } from '../../redis/keys.ts';
import type { StreamPosition } from '../model/job-event.ts';
import { loadScripts, type RunScript } from '../transitions/load-scripts.ts';

/** A position from Redis' keys, with the run id of the server that the keys name. */
export interface KeptPosition extends StreamPosition {
  server: string;
}

/**
 * Tracks the epoch of the Redis behind a connection. A restart, a failover, a rollback and an emptied Redis each begin
 * a new epoch. The first node that notices names it for all nodes.
 */
export class EpochTracker {
  readonly #redis: Redis;
  readonly #run: RunScript;
  readonly #keys: Keys;
  #last: StreamPosition = { epoch: '', offset: 0 };
  /** The run id of the connection's server, and the socket to it. */
  #server: { id: string; stream: unknown } | undefined;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#run = loadScripts(redis, keys);
    this.#keys = keys;
  }

  /** The last known position; empty before the first. */
  get last(): StreamPosition {
    return this.#last;
  }

  /**
   * Asks Redis for its position. The caller MUST call it after every (re)connect.
   * @param seen a later position that the caller has heard
   */
  async open(seen: StreamPosition = this.#last): Promise<StreamPosition> {
    const given = { seen_epoch: seen.epoch, seen_offset: seen.offset };
    const { epoch, offset, server } = await this.#run('open-epoch', given);
    this.#server = { id: server, stream: this.#redis.stream };
    this.#last = { epoch, offset };
    return this.#last;
  }

  /**
   * Checks whether data that was read with a position belongs to the position's epoch. Notes the position if so.
   * Otherwise Redis may have lost writes: call {@link open} and read again.
   */
  isCurrent({ epoch, offset, server }: KeptPosition): boolean {
    const known = this.#server?.stream === this.#redis.stream && this.#server?.id === server;
    if (!known || epoch !== this.#last.epoch || offset < this.#last.offset) return false;
    this.#last = { epoch, offset };
    return true;
  }

  /** Notes that a worker has repeated the ends and deletions that Redis had lost when this epoch began. */
  async noteRecovered(epoch: string): Promise<void> {
    await this.#redis.set(this.#keys.recovered, epoch);
  }

  /** Returns the epoch's name in one cheap read. After a change it calls {@link open}. */
  async follow(): Promise<string> {
    const name = await this.#redis.get(this.#keys.epoch);
    return name !== null && name === this.#last.epoch ? name : (await this.open()).epoch;
  }
}
