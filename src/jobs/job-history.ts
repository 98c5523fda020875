import type { Redis } from 'ioredis';

import type { Keys } from '../redis/keys.ts';
import { loadScripts, type RunScript } from './scripts.ts';

/** A place in the life of a Redis: versions only compare within one history. */
export interface HistoryPosition {
  /** The history's name. */
  history: string;
  /** How many transitions all jobs together have made. */
  sequence: number;
}

/**
 * Watches over the history that a node's connection leads to. A Redis that was restarted, failed over, rolled
 * back or emptied is another history; whoever notices first names it, for all nodes.
 */
export class JobHistory {
  readonly #redis: Redis;
  readonly #run: RunScript;
  readonly #keys: Keys;
  #last: HistoryPosition = { history: '', sequence: 0 };

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#run = loadScripts(redis);
    this.#keys = keys;
  }

  /** The last answer; empty before the first. */
  get last(): HistoryPosition {
    return this.#last;
  }

  /**
   * Asks Redis where it is. MUST be called after every (re)connect.
   * @param seen a later position than the last answer, where the caller has heard of one
   */
  async open(seen: HistoryPosition = this.#last): Promise<HistoryPosition> {
    const { history: historyKey, sequence: sequenceKey, server } = this.#keys;
    const runId = /^run_id:(\w+)/m.exec(await this.#redis.info('server'))?.[1] ?? '';
    const args = [runId, seen.history, seen.sequence];
    const answer = await this.#run('open-history', [historyKey, sequenceKey, server], args);
    const [history, sequence] = answer as [string, number];
    this.#last = { history, sequence };
    return this.#last;
  }

  /** The name that the history has now: cheap, for those who ask often. Where another has named it anew, as {@link open}. */
  async follow(): Promise<string> {
    const name = await this.#redis.get(this.#keys.history);
    return name !== null && name === this.#last.history ? name : (await this.open()).history;
  }
}
