import type { Redis } from 'ioredis';

import type { Keys } from '../redis/keys.ts';
import { loadScripts, type RunScript } from './scripts.ts';

/** A dead generation, noted by the script that made it dead. */
export interface Cleanup {
  tenant: string;
  collection: string;
  documentId: string;
  generation: string;
  /** The entry as it is stored. */
  readonly entry: string;
}

/** The durable list of generations whose chunks must go from Chroma. Any worker may carry an entry out. */
export class CleanupLog {
  readonly #run: RunScript;
  readonly #key: string;
  readonly #secondLookMs: number;

  /** @param secondLookMs after how long a deleted generation is looked at once more: one Chroma timeout */
  constructor(redis: Redis, keys: Keys, secondLookMs: number) {
    this.#run = loadScripts(redis);
    this.#key = keys.cleanup;
    this.#secondLookMs = secondLookMs;
  }

  /** At most `count` entries that are due now. */
  async due(count: number): Promise<Cleanup[]> {
    const entries = (await this.#run('due-cleanups', [this.#key], [count])) as string[];
    return entries.map((entry) => {
      const [tenant, collection, documentId, generation] = JSON.parse(entry) as [
        string,
        string,
        string,
        string,
      ];
      return { tenant, collection, documentId, generation, entry };
    });
  }

  /** Has the entry come up again later. */
  async putOff({ entry }: Cleanup): Promise<void> {
    await this.#run('put-off-cleanup', [this.#key], [entry, this.#secondLookMs]);
  }

  /** Notes that the entry's chunks have been deleted. */
  async finish({ entry }: Cleanup): Promise<void> {
    await this.#run('finish-cleanup', [this.#key], [entry, this.#secondLookMs]);
  }
}
