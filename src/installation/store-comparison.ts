import { randomUUID } from 'node:crypto';

import { orTimeout } from '../deadline.ts';
import type { Logger } from '../logging/logger.ts';
import { DEFAULT_TENANT } from '../redis/keys.ts';
import { decide, type Adoption, type Found, type Part, type Proved, type Standing } from './decide.ts';
import type { IdentityStores } from './identity-stores.ts';

/** Timeout in ms. A store without a response is not proved. */
const TIMEOUT_MS = 2000;
/**
 * Time in ms that the folder of a known installation must stay without an id before it adopts one. A mount may come
 * late, or go away for a moment. It would then hide an upload into the folder below it.
 */
const MOUNT_GRACE_MS = 8000;
/** Bounds the adoptions of one run. Each store adopts at most once, and a concurrent start may precede each. */
const MOST_STEPS = 8;

/** Compares the stores' ids, and gives ids to stores without one. */
export class StoreComparison {
  readonly #stores: IdentityStores;
  readonly #part: Part;
  readonly #logger: Logger;
  /** Time at which this process first found the folder without an id. Absent once the folder has one. */
  #absentSince: number | undefined;

  constructor(stores: IdentityStores, part: Part, logger: Logger) {
    this.#stores = stores;
    this.#part = part;
    this.#logger = logger;
  }

  /**
   * Reads all stores, and again after each adoption, until they agree or cannot.
   * @param proved as for {@link decide}
   * @throws if a store cannot be read, which says nothing about its installation
   */
  async run(proved: Proved | undefined): Promise<Standing> {
    // Logs no adoption of a new installation, because the operator has nothing to learn from it.
    let isNew = false;
    for (let step = 0; step < MOST_STEPS; step++) {
      const next = decide(await this.#read(), this.#part, proved, this.#stores.places);
      if (!('adopt' in next && next.adopt === 'folder')) this.#absentSince = undefined;
      if ('state' in next) return next;
      if (next.adopt === 'folder' && next.id !== undefined && this.#mayBeMounted())
        return {
          state: 'unknown',
          why: `${this.#stores.places.blobs} is no blob store yet: a mount may be late`,
        };
      if (next.adopt === 'folder' && next.id === undefined) isNew = true;
      if (!isNew) this.#report(next);
      const refused = await this.#adopt(next);
      if (refused) return refused;
    }
    throw new Error('other processes give the stores ids at the same time');
  }

  /**
   * Reads the folder's identity. Returns an error if it is unreadable.
   * @throws after a timeout, because an absent network file system may never respond
   */
  async readFolder(): Promise<Found['folder']> {
    if (this.#part === 'gateway') return undefined;
    const read = this.#stores.blobs
      .read()
      .catch((error: unknown) => new Error(messageOf(error), { cause: error }));
    return orTimeout(TIMEOUT_MS, 'the folder', read);
  }

  #mayBeMounted(): boolean {
    this.#absentSince ??= performance.now();
    return performance.now() - this.#absentSince < MOUNT_GRACE_MS;
  }

  async #read(): Promise<Found> {
    const { redis } = this.#stores;
    if (!redis.connected) throw new Error('Redis is away');
    const folder = await this.readFolder();
    const store = folder instanceof Error ? undefined : folder?.store;
    const [record, found] = await Promise.all([
      orTimeout(TIMEOUT_MS, 'Redis', redis.read(store)),
      this.#readChroma(),
    ]);
    return { folder, redis: record, chroma: found };
  }

  async #readChroma(): Promise<Found['chroma']> {
    if (this.#part === 'gateway') return 'away';
    const { chroma } = this.#stores;
    try {
      return { id: await chroma.call(AbortSignal.timeout(TIMEOUT_MS), (client) => chroma.read(client)) };
    } catch {
      // Ignores the error, because the jobs that wait for Chroma report it. Each write proves Chroma again.
      return 'away';
    }
  }

  #report({ adopt, id }: Adoption): void {
    const place = this.#stores.places[adopt === 'folder' ? 'blobs' : adopt];
    this.#logger.info('a store has no id and adopts the installation', { store: adopt, place, id });
  }

  /** Adopts an id. @returns a refusal if this process cannot use the folder */
  async #adopt(adoption: Adoption): Promise<Standing | undefined> {
    const { redis, chroma } = this.#stores;
    if (adoption.adopt === 'folder') return this.#adoptFolder(adoption.id, adoption.instead);
    const { adopt, id, store } = adoption;
    if (adopt === 'redis') await redis.adopt(id, store);
    else await chroma.call(AbortSignal.timeout(TIMEOUT_MS), (client) => chroma.adopt(client, id));
    return undefined;
  }

  async #adoptFolder(id: string | undefined, instead: string | undefined): Promise<Standing | undefined> {
    const { redis, blobs } = this.#stores;
    const store = randomUUID();
    // Writes Redis first. If this process ends between the two writes, the next start takes over in the same way.
    if (instead !== undefined) {
      if (!(await redis.takeOver(store))) return undefined;
      const documents = await redis.countDocuments(DEFAULT_TENANT);
      this.#logger.warn(
        'an empty folder becomes the blob store: the originals of earlier documents are not in it',
        {
          folder: this.#stores.places.blobs,
          documents,
          before: instead,
        },
      );
    }
    try {
      await blobs.adopt(id ?? randomUUID(), store);
      return undefined;
    } catch (error) {
      const message = `The folder ${this.#stores.places.blobs} cannot be used: ${messageOf(error)}. Set BLOB_STORE to another.`;
      return { state: 'refused', check: 'blobs', message };
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
