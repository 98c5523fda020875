import type { Redis } from 'ioredis';

import type { Keys } from '../redis/keys.ts';
import type { HistoryPosition } from './job-event.ts';
import { loadScripts, type RunScript } from './scripts.ts';

/** A place as Redis' keys tell it, together with the run id of the server that they take it to be in. */
export interface KeptPosition extends HistoryPosition {
  server: string;
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
  /** The run id of the server that a connection led to, and the socket that was that connection. */
  #server: { id: string; stream: unknown } | undefined;

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
    const args = [seen.history, seen.sequence];
    const answer = await this.#run('open-history', [historyKey, sequenceKey, server], args);
    const [history, sequence, id] = answer as [string, number, string];
    this.#server = { id, stream: this.#redis.stream };
    this.#last = { history, sequence };
    return this.#last;
  }

  /**
   * Tells whether what was read together with a position belongs to the history that the position names. When it
   * may not, because Redis has lost writes and nobody has named that yet, {@link open} and read again.
   */
  isCurrent({ history, sequence, server }: KeptPosition): boolean {
    const known = this.#server?.stream === this.#redis.stream && this.#server?.id === server;
    if (!known || history !== this.#last.history || sequence < this.#last.sequence) return false;
    this.#last = { history, sequence };
    return true;
  }

  /** The name that the history has now: cheap, for those who ask often. Where another has named it anew, as {@link open}. */
  async follow(): Promise<string> {
    const name = await this.#redis.get(this.#keys.history);
    return name !== null && name === this.#last.history ? name : (await this.open()).history;
  }
}
