import type { CollectionModels } from '../../documents/collections/collection-models.ts';
import { finishReembed, type FinishServices } from '../../documents/reembed/finish-reembed.ts';
import type { RebuiltVectors } from '../../documents/reembed/rebuilt-vectors.ts';
import type { EpochTracker } from '../../jobs/reads/epoch-tracker.ts';
import type { NamedCollection, ReembedJobs } from '../../jobs/transitions/reembed-jobs.ts';
import type { Logger } from '../../logging/logger.ts';
import { DEFAULT_TENANT } from '../../redis/keys.ts';

interface ReembedSweepServices extends FinishServices {
  rebuilt: RebuiltVectors;
  reembeds: ReembedJobs;
  models: Pick<CollectionModels, 'reembeddingJob'>;
  epochs: Pick<EpochTracker, 'last'>;
  logger: Logger;
}

/**
 * Settles what reembed jobs left in Chroma that were cancelled, failed or lost. Looks at the listed collections, and once an
 * epoch at all, because Redis may have gone back to before the list or the switch. A settled collection stays listed until a
 * second look, because Chroma may still carry out a rename after its writer's connection broke.
 */
export class ReembedSweep {
  readonly #services: ReembedSweepServices;
  readonly #secondLookMs: number;
  /** Time of the first look at each collection since its job ended, by the process' clock. */
  readonly #settledAt = new Map<string, number>();
  #lookedIn: string | undefined;

  /** @param secondLookMs time until the second look: one Chroma timeout */
  constructor(services: ReembedSweepServices, secondLookMs: number) {
    this.#services = services;
    this.#secondLookMs = secondLookMs;
  }

  /** Settles each collection that no job embeds again. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { rebuilt, reembeds, epochs, logger } = this.#services;
    const { epoch } = epochs.last;
    if (this.#lookedIn !== epoch) {
      for (const collection of await rebuilt.list(signal))
        await reembeds.list({ tenant: DEFAULT_TENANT, collection });
      this.#lookedIn = epoch;
    }
    for (const named of await reembeds.listed()) {
      try {
        await this.#settle(named, signal);
      } catch (error) {
        signal.throwIfAborted();
        // One collection that Chroma cannot change must not block the others.
        logger.warn('what a reembed job left cannot be settled now', { ...named, error });
      }
    }
  }

  async #settle(named: NamedCollection, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { rebuilt, reembeds, models } = this.#services;
    const { tenant, collection } = named;
    if ((await models.reembeddingJob(tenant, collection)) !== undefined)
      return void this.#settledAt.delete(collection);
    const settledAt = this.#settledAt.get(collection);
    if (settledAt !== undefined && performance.now() - settledAt < this.#secondLookMs) return;
    await rebuilt.settle(collection, signal);
    await finishReembed(named, this.#services, signal);
    if (settledAt === undefined) return void this.#settledAt.set(collection, performance.now());
    this.#settledAt.delete(collection);
    await reembeds.unlist(named);
  }
}
