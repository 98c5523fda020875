import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';

import { within } from '../deadline.ts';
import { SingleFlight } from '../single-flight.ts';
import type { Logger } from '../logging/logger.ts';

const LOOK_MS = 20;
/** Interval of the look for replicas, in ms. A lost replica costs uploads a wait until the next look. */
const REPLICA_LOOK_MS = 1000;
/** Longest wait of an upload for a replica, in ms. */
const CONFIRM_MS = 1000;
/** Matches a replica that is in step with its master and reported within two seconds. It reports once a second. */
const SERVES = /^slave\d+:.*\bstate=online\b.*\blag=[0-2]\b/m;

/** Watches the connection over which uploads are queued: whether it is there, and whether a replica has its writes. */
export class UploadConnection {
  readonly #redis: Redis;
  readonly #logger: Logger;
  // Waiting blocks the connection, so concurrent callers share one round.
  readonly #confirmation = new SingleFlight(() => this.#wait());
  #cuts = 0;
  #replica = false;
  #lookAgainAt = 0;

  constructor(redis: Redis, logger: Logger) {
    this.#redis = redis;
    this.#logger = logger;
    redis.on('close', () => {
      this.#cuts++;
      this.#lookAgainAt = 0;
    });
  }

  /** Waits for the connection. @returns `false` if it is still missing after the time */
  async ready(withinMs: number): Promise<boolean> {
    for (const end = performance.now() + withinMs; this.#redis.status !== 'ready'; await sleep(LOOK_MS)) {
      if (performance.now() >= end) return false;
    }
    return true;
  }

  /**
   * Waits until a replica, if there is one, has all earlier writes of the connection. A failover does not lose them then.
   * The wait is short, because the replica is only a second safety: a worker requeues a lost upload by its manifest.
   * @returns `false` if that took too long, or the connection was cut and may now lead to another server
   */
  async confirm(): Promise<boolean> {
    const cuts = this.#cuts;
    return (await this.#confirmation.ask()) && this.#cuts === cuts;
  }

  async #wait(): Promise<boolean> {
    let confirmed = false;
    const confirmation = this.#confirmed().then((found) => (confirmed = found));
    try {
      // Bounds the wait, because a Redis that is away responds only after its return.
      await within(CONFIRM_MS, confirmation);
      if (!confirmed) this.#logger.warn('no replica of Redis has confirmed an upload in time');
      return confirmed;
    } catch (error) {
      this.#logger.warn('the replicas of Redis could not be asked', { error });
      return false;
    }
  }

  async #confirmed(): Promise<boolean> {
    if (!(await this.#hasReplica())) return true;
    return (await this.#redis.wait(1, CONFIRM_MS)) > 0;
  }

  /**
   * Returns whether a replica serves. It looks only once an interval, because a look costs more than queueing a job.
   */
  async #hasReplica(): Promise<boolean> {
    const now = performance.now();
    if (now < this.#lookAgainAt) return this.#replica;
    this.#replica = SERVES.test(await this.#redis.info('replication'));
    this.#lookAgainAt = now + REPLICA_LOOK_MS;
    return this.#replica;
  }
}
