import type { Redis } from 'ioredis';

import type { PresentReader } from '../../processor-client/present-reader.ts';
import type { Keys } from '../../redis/keys.ts';
import { readEach } from '../read-each.ts';
import { modelMismatch, modelOf, takesModel, type EmbeddingModel } from './embedding-model.ts';

/** Reads the length of the vectors that Chroma keeps for a collection; 0 if it is unknown. */
export type StoredDimensions = (collection: string, signal: AbortSignal) => Promise<number>;

/**
 * Refuses work whose embedding model a collection does not take. A collection with documents takes the models of its
 * documents. Any other takes each model whose vectors have the length that Chroma keeps for its name.
 */
export class CollectionModels {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #reader: Pick<PresentReader, 'present' | 'seen' | 'look'>;
  readonly #stored: StoredDimensions;

  /** @param stored by default knows no length; the worker then checks collections without documents */
  constructor(
    redis: Redis,
    keys: Keys,
    reader: Pick<PresentReader, 'present' | 'seen' | 'look'>,
    stored: StoredDimensions = async () => 0,
  ) {
    this.#redis = redis;
    this.#keys = keys;
    this.#reader = reader;
    this.#stored = stored;
  }

  /** Whether the present model is known without a wait. */
  get presentSeen(): boolean {
    return this.#reader.seen;
  }

  /** Reads the models of a collection's documents; none for a collection without documents. */
  async read(tenant: string, collection: string): Promise<EmbeddingModel[]> {
    const key = this.#keys.counts(tenant, collection);
    const read = (pipeline: { hgetall: (key: string) => unknown }) => pipeline.hgetall(key);
    const [counts = {}] = await readEach<Record<string, string>>(this.#redis, [key], read);
    return Object.keys(counts).flatMap((field) => modelOf(field) ?? []);
  }

  /** @throws {DependencyError} `embedding_mismatch` if the collection does not take this model */
  async ensureTakes(
    tenant: string,
    collection: string,
    model: EmbeddingModel,
    signal: AbortSignal,
  ): Promise<void> {
    const held = await this.#held(tenant, collection, model, signal);
    if (!takesModel(held, model)) throw modelMismatch(collection, held, model);
  }

  /**
   * Ensures that the collection takes the processor's present model. It reads the health again before it
   * refuses, because an operator may have just set the former model back.
   * @throws {DependencyError} `embedding_mismatch`; {@link PresentReader.look}'s while the processor is away
   */
  async ensureTakesPresent(tenant: string, collection: string, signal: AbortSignal): Promise<void> {
    const model = toModel(this.#reader.seen ? this.#reader.present : await this.#reader.look());
    if (takesModel(await this.#held(tenant, collection, model, signal), model)) return;
    await this.ensureTakes(tenant, collection, toModel(await this.#reader.look()), signal);
  }

  async #held(
    tenant: string,
    collection: string,
    { dimensions }: EmbeddingModel,
    signal: AbortSignal,
  ): Promise<EmbeddingModel[]> {
    const held = await this.read(tenant, collection);
    if (dimensions === 0 || held.length > 0) return held;
    return [{ name: '', dimensions: await this.#stored(collection, signal) }];
  }
}

function toModel({ model, dimensions }: PresentReader['present']): EmbeddingModel {
  return { name: model, dimensions };
}
