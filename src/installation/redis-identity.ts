import type { Redis } from 'ioredis';

import type { Logger } from '../logger.ts';
import { INSTALLATIONS, type Keys } from '../redis/keys.ts';

/** For how long a blob store counts as in use after a process last proved that it works with it. */
const IN_USE_MS = 10_000;
/** What another node of a cluster, or an access list, answers about a key without the prefix. */
const OUT_OF_REACH = /^(MOVED|NOPERM|CROSSSLOT|WRONGTYPE) /;

/** What Redis says of an installation. */
export interface RedisRecord {
  /** The installation under this prefix. */
  id: string | undefined;
  /** The blob store that the installation uses. */
  store: string | undefined;
  /** The blob store that a process has proved to work with in the last seconds. */
  inUse: string | undefined;
  /** Every installation that this Redis has known, with its prefix; `undefined` where that is out of reach. */
  prefixes: ReadonlyMap<string, string> | undefined;
}

/** Memory that is full must not stop what ends jobs, and so makes room: hence the flag. */
const SHEBANG = '#!lua flags=allow-oom\n';

/**
 * Reads what Redis says, and notes that the caller works with the installation's blob store, where that is so.
 * KEYS: 1 installation, 2 blob store in use. ARGV: 1 the caller's blob store or '', 2 for how long that counts (ms).
 * Returns {id, store, store in use}, each false where there is none. What another program has put here counts as none.
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
 * KEYS: 1 installation, 2 blob store in use. ARGV: 1 the new blob store, 2 for how long it counts as in use (ms).
 * Returns 1 when it was made so.
 */
const TAKE_OVER = `${SHEBANG}
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'store', ARGV[1])
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return 1`;

/** Removes the note that a blob store is in use. KEYS: 1 blob store in use. ARGV: 1 the blob store. */
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/** Reads and writes what Redis knows of the installation. */
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

  /** True while there is a connection: otherwise a command only waits for one. */
  get connected(): boolean {
    return this.#redis.status === 'ready';
  }

  /** @param store the blob store that the caller works with; it is noted to be in use where it is the installation's */
  async read(store = ''): Promise<RedisRecord> {
    const { installation, storeInUse } = this.#keys;
    const [found, prefixes] = await Promise.all([
      this.#redis.eval(PROVE, 2, installation, storeInUse, store, IN_USE_MS),
      this.#prefixes(),
    ]);
    const [id, named, inUse] = (found as (string | null)[]).map((value) => value ?? undefined);
    return { id, store: named, inUse, prefixes };
  }

  /** Gives Redis the id and the blob store, and notes the prefix, each unless it is there already. */
  async adopt(id: string, store: string): Promise<void> {
    await this.#redis.eval(ADOPT, 1, this.#keys.installation, id, store);
    await this.#reach(() => this.#redis.hsetnx(INSTALLATIONS, id, this.prefix));
  }

  /** Makes another blob store the installation's. @returns false where one is in use */
  async takeOver(store: string): Promise<boolean> {
    const { installation, storeInUse } = this.#keys;
    return (await this.#redis.eval(TAKE_OVER, 2, installation, storeInUse, store, IN_USE_MS)) === 1;
  }

  /** Notes that the caller works with the blob store no more. */
  async release(store: string): Promise<void> {
    await this.#redis.eval(RELEASE, 1, this.#keys.storeInUse, store);
  }

  /** Gives Redis another id and blob store under this prefix, on purpose. */
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

  /** How many documents are registered for a tenant. */
  async countDocuments(tenant: string): Promise<number> {
    return this.#redis.zcard(this.#keys.documents(tenant));
  }

  async #prefixes(): Promise<ReadonlyMap<string, string> | undefined> {
    const known = await this.#reach(() => this.#redis.hgetall(INSTALLATIONS));
    return known && new Map(Object.entries(known));
  }

  /** The one key without the prefix may be out of reach. Then a wrong prefix is not noticed, and all else is. */
  async #reach<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Error) || !OUT_OF_REACH.test(error.message)) throw error;
      if (!this.#warned)
        this.#logger.info(`${INSTALLATIONS} is out of reach: a wrong REDIS_KEY_PREFIX is not noticed`, {
          error: error.message,
        });
      this.#warned = true;
      return undefined;
    }
  }
}
