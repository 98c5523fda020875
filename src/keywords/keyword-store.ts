import { setImmediate as nextTurn } from 'node:timers/promises';
import type * as v from 'valibot';

import type {
  KeywordCollections,
  KeywordCountSchema,
  KeywordDeletionSchema,
  KeywordGenerationsSchema,
  KeywordHits,
  KeywordPageSchema,
  KeywordQuery,
  KeywordUpsert,
} from '../contract/services/keywords.ts';
import type { Logger } from '../logging/logger.ts';
import { queryTokens } from '../tokens/tokenize.ts';
import type { TokenizedChunk, TokenizedWrite } from './collection-file.ts';
import { IndexFiles } from './index-files.ts';
import { QueryThreads } from './query-threads.ts';
import { tokenizeChunk } from './tokenize-chunk.ts';

/** Longest time of tokenizing without a break, in ms. Other calls get their turn in the break. */
const TURN_MS = 10;
/**
 * Chunks that a transaction deletes. Other calls get their turn after it. FTS5 merges its lists in proportion. Measured in a
 * collection of 150,000 chunks: 25 took at most 57 ms of CPU, and 100 took 231 ms.
 */
const CHUNKS_A_TURN = 20;
/** Tries of a query. One meets a lost file, one a file that was opened again meanwhile, one the new file. */
const MOST_TRIES = 3;

/** Carries out the calls of the keyword index on the files of a folder. */
export class KeywordStore {
  readonly #files: IndexFiles;
  readonly #threads = new QueryThreads();

  constructor(folder: string, logger: Logger) {
    this.#files = new IndexFiles(folder, logger);
  }

  /** Adopts the first installation that writes. @throws {KeywordError} `installation_mismatch` for another */
  admit(installation: string): void {
    this.#files.withCatalogue((catalogue) => catalogue.admit(installation));
  }

  /** @throws {KeywordError} `installation_mismatch` if another installation has written */
  ensureOwn(installation: string): void {
    this.#files.withCatalogue((catalogue) => catalogue.ensureOwn(installation));
  }

  /** Stores chunks of some generations, or none. @throws {KeywordError} `dead_generation` if one was deleted */
  async upsert({ collection, writes }: KeywordUpsert): Promise<void> {
    const tokenized: TokenizedWrite[] = [];
    let turn = performance.now();
    for (const { chunks, ...generation } of writes) {
      const own: TokenizedChunk[] = [];
      tokenized.push({ ...generation, chunks: own });
      for (const chunk of chunks) {
        own.push(tokenizeChunk(chunk));
        if (performance.now() - turn < TURN_MS) continue;
        await nextTurn();
        turn = performance.now();
      }
    }
    this.#files.write(collection, (file) => file.upsert(tokenized));
  }

  /** Deletes a generation's chunks, and refuses later ones. Deletes the rest when it is repeated after an interruption. */
  async deleteGeneration({
    collection,
    ...generation
  }: v.InferOutput<typeof KeywordDeletionSchema>): Promise<void> {
    this.#files.write(collection, (file) => file.markDead(generation));
    while (this.#files.write(collection, (file) => file.deleteChunks(generation, CHUNKS_A_TURN)) > 0)
      await nextTurn();
  }

  /** Counts the chunks of each generation, in order. */
  count({ collection, generations }: v.InferOutput<typeof KeywordCountSchema>): number[] {
    const counts = this.#files.read(collection, (file) =>
      generations.map((generation) => file.countOf(generation)),
    );
    return counts ?? generations.map(() => 0);
  }

  async query({ collection, query, ...more }: KeywordQuery): Promise<KeywordHits> {
    const found = await this.#find(collection, query, more);
    // Reads the flags last, because the read itself may find the damage.
    const complete = this.#files.withCatalogue(
      (catalogue) => catalogue.complete && catalogue.find(collection)?.complete !== false,
    );
    return { hits: [], tokens: [], ...found, complete };
  }

  async #find(collection: string, query: string, more: Pick<KeywordQuery, 'limit' | 'documents'>) {
    for (let tries = 1; ; tries++) {
      const found = this.#files.read(collection, ({ path, revision, chunkCount, languages }) => {
        return { path, revision, chunkCount, tokens: queryTokens(query, languages) };
      });
      if (!found) return undefined;
      try {
        return await this.#threads.run({ ...found, ...more });
      } catch (error) {
        if (tries === MOST_TRIES || !this.#files.replaceLost(collection, found.revision, error)) throw error;
      }
    }
  }

  /** Lists a page of generations with chunks. */
  generations({
    collection,
    after,
  }: v.InferOutput<typeof KeywordPageSchema>): v.InferOutput<typeof KeywordGenerationsSchema> {
    const page = this.#files.read(collection, (file) => file.generations(Number(after ?? 0)));
    return {
      generations: page?.generations ?? [],
      ...(page?.next !== undefined && { next: String(page.next) }),
    };
  }

  /** Lists the collections, with the number of their chunks. */
  async collections(): Promise<KeywordCollections> {
    const collections = await this.#files.list();
    return { complete: this.#files.withCatalogue((catalogue) => catalogue.complete), collections };
  }

  /** Marks a collection as complete; without a name, the whole index. */
  markComplete(collection: string | undefined): void {
    this.#files.withCatalogue((catalogue) => catalogue.markComplete(collection));
  }

  /** Throws unless the catalogue can be read. */
  check(): void {
    this.#files.withCatalogue((catalogue) => catalogue.complete);
  }

  async close(): Promise<void> {
    await this.#threads.close();
    this.#files.close();
  }
}
