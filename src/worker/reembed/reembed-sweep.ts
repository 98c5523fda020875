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
 * Settles what cancelled, failed and lost reembed jobs left in Chroma. Looks at the listed collections, and once an epoch at all
 * collections, because Redis may have gone back to before the list or the switch. A settled collection stays listed until a
 * second look, because Chroma may still carry out a rename after its writer's connection broke.
 */
export class ReembedSweep {
  readonly #services: ReembedSweepServices;
  readonly #secondLookMs: number;
  /** Time of the first look at each collection since its job ended (`performance.now()`, ms). */
  readonly #settledAt = new Map<string, number>();
  #lookedIn: string | undefined;

  /** @param secondLookMs time until the second look, in ms: the timeout of Chroma, which ends a late rename */
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
        await reembeds.addUnsettled({ tenant: DEFAULT_TENANT, collection });
      this.#lookedIn = epoch;
    }
    for (const named of await reembeds.unsettled()) {
      try {
        await this.#settle(named, signal);
      } catch (error) {
        signal.throwIfAborted();
        // One collection that Chroma cannot change must not block the others.
        logger.warn('cannot settle what a reembed job left, the next sweep tries again', { ...named, error });
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
    await reembeds.removeUnsettled(named);
  }
}
