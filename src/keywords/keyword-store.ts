import { setImmediate as nextTurn } from 'node:timers/promises';
import type * as v from 'valibot';

import type {
  KeywordCollections,
  KeywordCountSchema,
  KeywordDeletionSchema,
  KeywordGenerationsSchema,
  KeywordHits,
  KeywordPageSchema,
  KeywordQuerySchema,
  KeywordUpsert,
} from '../contract/services/keywords.ts';
import type { Logger } from '../logging/logger.ts';
import { queryTokens } from '../tokens/tokenize.ts';
import type { TokenizedChunk } from './collection-file.ts';
import { IndexFiles } from './index-files.ts';
import { tokenizeChunk } from './tokenize-chunk.ts';

/** Longest time of tokenizing without a break, in ms. Other calls get their turn in the break. */
const TURN_MS = 10;
/** Chunks that a transaction deletes. Other calls get their turn after it. Measured: at most 26 ms with chunks of 500 characters. */
const CHUNKS_A_TURN = 100;
/** Most tokens of a query, the rarest of them. More would make SQLite read many lists, and it serves nothing else meanwhile. */
const MAX_QUERY_TOKENS = 64;

/** Carries out the calls of the keyword index on the files of a folder. */
export class KeywordStore {
  readonly #files: IndexFiles;

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

  /** Stores chunks of a generation. @throws {KeywordError} `dead_generation` for a deleted one */
  async upsert({ collection, chunks, ...generation }: KeywordUpsert): Promise<void> {
    const tokenized: TokenizedChunk[] = [];
    let turn = performance.now();
    for (const chunk of chunks) {
      tokenized.push(tokenizeChunk(chunk));
      if (performance.now() - turn < TURN_MS) continue;
      await nextTurn();
      turn = performance.now();
    }
    this.#files.write(collection, (file) => file.upsert(generation, tokenized));
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
      generations.map((generation) => file.count(generation)),
    );
    return counts ?? generations.map(() => 0);
  }

  query({ collection, query, ...page }: v.InferOutput<typeof KeywordQuerySchema>): KeywordHits {
    const found = this.#files.read(collection, (file) => {
      const tokens = file.rarestTokens(queryTokens(query, file.languages()), MAX_QUERY_TOKENS);
      return { tokens: [...tokens], hits: file.query(tokens, page) };
    });
    // Reads the flags last, because the read itself may find the damage.
    const complete = this.#files.withCatalogue(
      (catalogue) => catalogue.complete && catalogue.find(collection)?.complete !== false,
    );
    return { hits: [], tokens: [], ...found, complete };
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

  /** Lists the collections. Opens each file, so other calls get their turn between two. */
  async collections(): Promise<KeywordCollections> {
    // Counts first, because that may find damage.
    const names = this.#files.withCatalogue((catalogue) => catalogue.list().map(({ name }) => name));
    const counts = new Map<string, number>();
    for (const name of names) {
      counts.set(name, this.#files.read(name, (file) => file.countAll()) ?? 0);
      await nextTurn();
    }
    return this.#files.withCatalogue((catalogue) => ({
      complete: catalogue.complete,
      collections: catalogue.list().map((one) => ({ ...one, chunk_count: counts.get(one.name) ?? 0 })),
    }));
  }

  /** Marks a collection as complete; without a name, the whole index. */
  markComplete(collection: string | undefined): void {
    this.#files.withCatalogue((catalogue) => catalogue.markComplete(collection));
  }

  /** Throws unless the catalogue can be read. */
  check(): void {
    this.#files.withCatalogue((catalogue) => catalogue.complete);
  }

  close(): void {
    this.#files.close();
  }
}
