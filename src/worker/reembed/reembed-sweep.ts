import type { CollectionModels } from '../../documents/collections/collection-models.ts';
import { finishReembed, type FinishServices } from '../../documents/reembed/finish-reembed.ts';
import type { RebuiltVectors } from '../../documents/reembed/rebuilt-vectors.ts';
import type { EpochTracker } from '../../jobs/reads/epoch-tracker.ts';
import type { ReembedJobs } from '../../jobs/transitions/reembed-jobs.ts';
import { DEFAULT_TENANT } from '../../redis/keys.ts';

interface ReembedSweepServices extends FinishServices {
  rebuilt: RebuiltVectors;
  reembeds: ReembedJobs;
  models: Pick<CollectionModels, 'reembeddingJob'>;
  epochs: Pick<EpochTracker, 'last'>;
}

/**
 * Settles what reembed jobs left in Chroma that were cancelled, failed or lost. Looks at the listed collections, and once an
 * epoch at all, because Redis may have gone back to before the list or the switch.
 */
export class ReembedSweep {
  readonly #services: ReembedSweepServices;
  #lookedIn: string | undefined;

  constructor(services: ReembedSweepServices) {
    this.#services = services;
  }

  /** Settles each collection that no job embeds again. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { rebuilt, reembeds, models, epochs } = this.#services;
    const { epoch } = epochs.last;
    if (this.#lookedIn !== epoch) {
      for (const collection of await rebuilt.list(signal))
        await reembeds.list({ tenant: DEFAULT_TENANT, collection });
      this.#lookedIn = epoch;
    }
    for (const named of await reembeds.listed()) {
      signal.throwIfAborted();
      const { tenant, collection } = named;
      if ((await models.reembeddingJob(tenant, collection)) !== undefined) continue;
      await rebuilt.settle(collection, signal);
      await finishReembed(named, this.#services, signal);
      await reembeds.unlist(named);
    }
  }
}
