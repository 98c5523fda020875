import type { Redis } from 'ioredis';

import { DEFAULT_TENANT, type Keys } from '../../redis/keys.ts';
import type { Generation } from '../model/generation.ts';
import { loadScripts, type RunScript } from './load-scripts.ts';

/** Longest delay of a cleanup, in ms. An older version kept chunks of unknown documents for this time. */
export const LONGEST_PUT_OFF_MS = 24 * 60 * 60 * 1000;

/** A dead generation. The script that marked it dead noted it. */
export interface Cleanup extends Generation {
  tenant: string;
  /** The entry in its stored form. */
  readonly entry: string;
}

/** The durable list of generations whose chunks must go from Chroma. Any worker may carry an entry out. */
export class CleanupLog {
  readonly #run: RunScript;
  readonly #keys: Keys;
  readonly #secondLookMs: number;

  /** @param secondLookMs time until the second look at a deleted generation: one Chroma timeout */
  constructor(redis: Redis, keys: Keys, secondLookMs: number) {
    this.#run = loadScripts(redis, keys);
    this.#keys = keys;
    this.#secondLookMs = secondLookMs;
  }

  /** Lists at most `count` due entries. */
  async due(count: number): Promise<Cleanup[]> {
    const entries = await this.#run('due-cleanups', { count, longest_ms: LONGEST_PUT_OFF_MS });
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

  /** Postpones the entry. */
  async putOff({ entry }: Cleanup): Promise<void> {
    await this.#run('put-off-cleanup', {
      list_key: this.#keys.cleanup,
      entry,
      delay_ms: this.#secondLookMs,
    });
  }

  /** Notes that the caller has deleted the entry's chunks. */
  async finish({ entry }: Cleanup): Promise<void> {
    await this.#run('finish-cleanup', { entry, second_look_ms: this.#secondLookMs });
  }

  /**
   * Marks generations as dead that are neither live nor being written, if their document or job proves it.
   * @param deleted documents that a client has deleted, which proves it, too
   * @returns the number marked, and the orphans. Redis knows neither a document nor a job of an orphan. Absence is no
   * evidence, so orphans stay.
   */
  async markDead<G extends Generation>(
    generations: readonly G[],
    deleted: ReadonlySet<string> = new Set(),
  ): Promise<{ marked: number; orphans: G[] }> {
    if (generations.length === 0) return { marked: 0, orphans: [] };
    const found = generations.map((one) => {
      return [one.collection, one.documentId, one.generation, deleted.has(one.documentId)];
    });
    const { marked, places } = await this.#run('mark-dead', {
      default_tenant: DEFAULT_TENANT,
      generations: JSON.stringify(found),
    });
    return { marked, orphans: places.map((place) => generations[place - 1] as G) };
  }
}
