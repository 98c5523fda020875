import type { Redis } from 'ioredis';

import type { Logger } from '../logging/logger.ts';
import { INSTALLATIONS, type Keys } from '../redis/keys.ts';

/** Time in ms that a blob store counts as in use after a process last proved it. */
const IN_USE_MS = 10_000;
/** Redis errors for a key without the prefix: an access list, or another type. */
const OUT_OF_REACH = /^(NOPERM|WRONGTYPE) /;

/** Holds Redis' record of an installation. */
export interface RedisRecord {
  /** Id of the installation under this prefix. */
  id: string | undefined;
  /** Id of the installation's blob store. */
  store: string | undefined;
  /** Id of the blob store that a process has proved within the last seconds. */
  inUse: string | undefined;
  /** Prefix of every installation that this Redis has known; `undefined` if the key is unreachable. */
  prefixes: ReadonlyMap<string, string> | undefined;
}

/** Lets the scripts run when Redis' memory is full, because scripts that end jobs make room. */
const SHEBANG = '#!lua flags=allow-oom\n';

/**
 * Reads Redis' record, and marks the caller's blob store as in use if it is the installation's.
 * KEYS: 1 installation, 2 blob store in use. ARGV: 1 the caller's blob store or '', 2 time that the mark lasts (ms).
 * Returns {id, store, store in use}, each false if absent. Values of another type, from another program, count as
 * absent.
 */
const PROVE = `${SHEBANG}
local kind, found = redis.call('TYPE', KEYS[1]).ok, { false, false }
if kind == 'hash' then found = redis.call('HMGET', KEYS[1], 'id', 'store') end
if ARGV[1] ~= '' and found[2] == ARGV[1] then redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2]) end
local in_use = redis.call('TYPE', KEYS[2]).ok == 'string' and redis.call('GET', KEYS[2])
return { found[1], found[2], in_use }`;

/**
 * Gives Redis an id and a blob store, each unless it has one.
 * KEYS: 1 installation. ARGV: 1 id, 2 blob store. Returns nothing.
 */
const ADOPT = `${SHEBANG}
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then redis.call('DEL', KEYS[1]) end
redis.call('HSETNX', KEYS[1], 'id', ARGV[1])
if redis.call('HGET', KEYS[1], 'id') == ARGV[1] then redis.call('HSETNX', KEYS[1], 'store', ARGV[2]) end`;

/**
 * Makes another blob store the installation's, unless one is in use.
 * KEYS: 1 installation, 2 blob store in use. ARGV: 1 the new blob store, 2 time that it counts as in use (ms).
 * Returns 1 on success, 0 if a blob store is in use.
 */
const TAKE_OVER = `${SHEBANG}
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'store', ARGV[1])
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return 1`;

/** Removes the mark of a blob store in use. KEYS: 1 blob store in use. ARGV: 1 the blob store. */
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/** Reads and writes Redis' record of the installation. */
export class RedisIdentity {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #logger: Logger;
  #warned = false;

  constructor(redis: Redis, keys: Keys, logger: Logger) {
    this.#redis = redis;
    this.#keys = keys;
    this.#logger = logger;
  }

  get prefix(): string {
    return this.#keys.prefix;
  }

  /** True while connected. Otherwise commands wait for a connection. */
  get connected(): boolean {
    return this.#redis.status === 'ready';
  }

  /** Reads the record. @param store the caller's blob store; marked as in use if it is the installation's */
  async read(store = ''): Promise<RedisRecord> {
    const { installation, storeInUse } = this.#keys;
    const [found, prefixes] = await Promise.all([
      this.#redis.eval(PROVE, 2, installation, storeInUse, store, IN_USE_MS),
      this.#prefixes(),
    ]);
    const [id, named, inUse] = (found as (string | null)[]).map((value) => value ?? undefined);
    return { id, store: named, inUse, prefixes };
  }

  /** Gives Redis the id and the blob store, and records the prefix, each unless it is set already. */
  async adopt(id: string, store: string): Promise<void> {
    await this.#redis.eval(ADOPT, 1, this.#keys.installation, id, store);
    await this.#reach(() => this.#redis.hsetnx(INSTALLATIONS, id, this.prefix));
  }

  /** Makes another blob store the installation's. @returns false if one is in use */
  async takeOver(store: string): Promise<boolean> {
    const { installation, storeInUse } = this.#keys;
    return (await this.#redis.eval(TAKE_OVER, 2, installation, storeInUse, store, IN_USE_MS)) === 1;
  }

  /** Removes the mark that the caller uses the blob store. */
  async release(store: string): Promise<void> {
    await this.#redis.eval(RELEASE, 1, this.#keys.storeInUse, store);
  }

  /** Gives Redis another id and blob store under this prefix, on an operator's command. */
  async replace(id: string, store: string): Promise<void> {
    const { installation, storeInUse } = this.#keys;
    const before = await this.read();
    await this.#redis.del(installation, storeInUse);
    await this.#redis.hset(installation, { id, store });
    const { id: old } = before;
    await this.#reach(async () => {
      if (old !== undefined && old !== id && before.prefixes?.get(old) === this.prefix)
        await this.#redis.hdel(INSTALLATIONS, old);
      await this.#redis.hset(INSTALLATIONS, id, this.prefix);
    });
  }

  /** Counts the registered documents of a tenant. */
  async countDocuments(tenant: string): Promise<number> {
    return this.#redis.zcard(this.#keys.documents(tenant));
  }

  async #prefixes(): Promise<ReadonlyMap<string, string> | undefined> {
    const known = await this.#reach(() => this.#redis.hgetall(INSTALLATIONS));
    return known && new Map(Object.entries(known));
  }

  /** Runs a command on the key without the prefix. If that key is unreachable, only a wrong prefix stays unnoticed. */
  async #reach<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Error) || !OUT_OF_REACH.test(error.message)) throw error;
      if (!this.#warned)
        this.#logger.info(`${INSTALLATIONS} is out of reach, so a wrong REDIS_KEY_PREFIX stays unnoticed`, {
          error: error.message,
        });
      this.#warned = true;
      return undefined;
    }
  }
}
