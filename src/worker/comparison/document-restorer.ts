import { reindexDocument, type ReindexServices } from '../../documents/reindex-document.ts';
import type { StoredDocument } from '../../documents/registry.ts';
import type { VectorStore } from '../../documents/vector-store.ts';
import { AppError } from '../../errors.ts';
import type { Logger } from '../../logging/logger.ts';
import type { Turn } from './turn.ts';

export interface RestorerServices extends ReindexServices {
  vectors: Pick<VectorStore, 'countStored'>;
  logger: Logger;
}

/** Queues jobs for documents that miss chunks, a bounded number at once. */
export class DocumentRestorer {
  readonly #services: RestorerServices;

  constructor(services: RestorerServices) {
    this.#services = services;
  }

  /** Queues a job for each document that is due. @throws {DependencyError} when Chroma cannot be reached */
  async restore(turn: Turn): Promise<void> {
    const { registry, incomplete, logger } = this.#services;
    const ids = await incomplete.due();
    if (ids.length === 0) return;
    const documents = await registry.read(ids);
    const known = new Set(documents.map(({ id }) => id));
    await incomplete.forget(ids.filter((id) => !known.has(id)));
    let [queued, gone] = [0, 0];
    for (const [collection, some] of Map.groupBy(documents, ({ collection }) => collection)) {
      if (!(await turn.keep())) break;
      for (const document of await this.#stillIncomplete(collection, some, turn.signal)) {
        const outcome = await this.#restore(document);
        if (outcome === 'queued') queued++;
        if (outcome === 'gone') gone++;
      }
    }
    if (queued > 0) logger.warn('documents that miss chunks are indexed again', { documents: queued });
    if (gone > 0) logger.error('documents miss chunks, and their originals are gone', { documents: gone });
  }

  /**
   * Counts once more before it queues a job. An operator may have restored Chroma, or Chroma may have
   * returned a low count for a moment.
   */
  async #stillIncomplete(
    collection: string,
    documents: readonly StoredDocument[],
    signal: AbortSignal,
  ): Promise<StoredDocument[]> {
    const { vectors, incomplete } = this.#services;
    const counted = documents.map((document) => ({ ...document, chunkCount: document.chunk_count }));
    const stored = await vectors.countStored(collection, counted, signal);
    const missing = counted.map(({ chunkCount }, i) => chunkCount - (stored[i] ?? 0));
    await Promise.all(documents.map((document, i) => incomplete.note(document, missing[i] ?? 0)));
    return documents.filter((_, i) => (missing[i] ?? 0) > 0);
  }

  async #restore(document: StoredDocument): Promise<'queued' | 'gone' | undefined> {
    try {
      const job = await reindexDocument(document, this.#services);
      return job?.made ? 'queued' : undefined;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'file_gone') throw error;
      return (await this.#services.incomplete.noteFileGone(document)) ? 'gone' : undefined;
    }
  }
}
