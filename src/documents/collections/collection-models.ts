import type { Redis } from 'ioredis';

import { ReembeddingError } from '../../jobs/transitions/registration-errors.ts';
import type { ReembedJobs } from '../../jobs/transitions/reembed-jobs.ts';
import type { PresentReader } from '../../processor-client/present-reader.ts';
import type { Keys } from '../../redis/keys.ts';
import { SingleFlight } from '../../single-flight.ts';
import { readEach } from '../read-each.ts';
import { modelMismatch, modelOf, takesModel, type EmbeddingModel } from './embedding-model.ts';

/** Reads the model to which Chroma binds a collection, as far as Chroma knows it. */
export type StoredModel = (collection: string, signal: AbortSignal) => Promise<EmbeddingModel>;

/**
 * Refuses work whose embedding model a collection does not take. A collection with documents takes the models of its
 * documents. Any other takes the model of its last reembed job, or each model of the vector length that Chroma keeps for
 * its name.
 */
export class CollectionModels {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #reader: Pick<PresentReader, 'present' | 'seen' | 'look'>;
  readonly #reembeds: Pick<ReembedJobs, 'activeJob'>;
  readonly #stored: StoredModel;
  /** Reads under way, by key. */
  readonly #flights = new Map<string, SingleFlight<Record<string, string>>>();

  /** @param stored by default knows no model; the worker then checks collections without documents */
  constructor(
    redis: Redis,
    keys: Keys,
    reader: Pick<PresentReader, 'present' | 'seen' | 'look'>,
    reembeds: Pick<ReembedJobs, 'activeJob'>,
    stored: StoredModel = async () => ({ name: '', dimensions: 0 }),
  ) {
    this.#redis = redis;
    this.#keys = keys;
    this.#reader = reader;
    this.#reembeds = reembeds;
    this.#stored = stored;
  }

  /** Whether the present model is known without a wait. */
  get presentSeen(): boolean {
    return this.#reader.seen;
  }

  /** Reads the models of a collection's documents; none for a collection without documents. */
  async read(tenant: string, collection: string): Promise<EmbeddingModel[]> {
    return modelsOf(await this.#counts(tenant, collection));
  }

  /** Returns the id of the job that embeds a collection again; `undefined` if none does. */
  async reembeddingJob(tenant: string, collection: string): Promise<string | undefined> {
    const { reembed = '' } = await this.#counts(tenant, collection);
    return this.#reembeds.activeJob(reembed);
  }

  /** @throws {DependencyError} `embedding_mismatch` if the collection does not take this model */
  async ensureTakes(
    tenant: string,
    collection: string,
    model: EmbeddingModel,
    signal: AbortSignal,
  ): Promise<void> {
    const models = await this.read(tenant, collection);
    const held = await this.#held(models, collection, model, signal);
    if (!takesModel(held, model)) throw modelMismatch(collection, held, model, models.length > 0);
  }

  /**
   * Ensures that the collection takes the processor's present model. It reads the health again before it
   * refuses, because an operator may have just set the former model back.
   * @returns the latest run that has embedded the collection again; '' for none
   * @throws {DependencyError} `embedding_mismatch`; {@link PresentReader.look}'s while the processor is away
   * @throws {ReembeddingError} while a job embeds it again
   */
  async ensureTakesPresent(tenant: string, collection: string, signal: AbortSignal): Promise<string> {
    const counts = await this.#counts(tenant, collection);
    const { reembed = '' } = counts;
    const job = await this.#reembeds.activeJob(reembed);
    if (job !== undefined) throw new ReembeddingError(job);
    const model = toModel(this.#reader.seen ? this.#reader.present : await this.#reader.look());
    const held = await this.#held(modelsOf(counts), collection, model, signal);
    if (!takesModel(held, model))
      await this.ensureTakes(tenant, collection, toModel(await this.#reader.look()), signal);
    return reembed;
  }

  /** Reads a collection's counts. Jobs and uploads of one collection share a read, because many ask at the same time. */
  async #counts(tenant: string, collection: string): Promise<Record<string, string>> {
    const key = this.#keys.counts(tenant, collection);
    const flight = this.#flights.get(key) ?? new SingleFlight(() => this.#readCounts(key));
    this.#flights.set(key, flight);
    try {
      return await flight.ask();
    } finally {
      if (flight.isIdle) this.#flights.delete(key);
    }
  }

  async #readCounts(key: string): Promise<Record<string, string>> {
    const read = (pipeline: { hgetall: (key: string) => unknown }) => pipeline.hgetall(key);
    const [counts = {}] = await readEach<Record<string, string>>(this.#redis, [key], read);
    return counts;
  }

  async #held(
    models: EmbeddingModel[],
    collection: string,
    { dimensions }: EmbeddingModel,
    signal: AbortSignal,
  ): Promise<EmbeddingModel[]> {
    if (dimensions === 0 || models.length > 0) return models;
    return [await this.#stored(collection, signal)];
  }
}

function modelsOf(counts: Record<string, string>): EmbeddingModel[] {
  return Object.keys(counts).flatMap((field) => modelOf(field) ?? []);
}

function toModel({ model, dimensions }: PresentReader['present']): EmbeddingModel {
  return { name: model, dimensions };
}
