import type { Batches } from '../../jobs/batches/batches.ts';
import type { Logger } from '../../logging/logger.ts';

/** Compares each batch with its jobs once an hour, because other programs and older versions do not count. */
export class BatchSweep {
  readonly #services: { batches: Batches; logger: Logger };

  constructor(services: { batches: Batches; logger: Logger }) {
    this.#services = services;
  }

  /** Compares the batches that are due, one after the other. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { batches, logger } = this.#services;
    for (const due of await batches.due()) {
      signal.throwIfAborted();
      try {
        await batches.compare(due, signal);
      } catch (error) {
        if (signal.aborted) return;
        // A batch that cannot be compared must not block the others.
        logger.warn('a batch cannot be compared with its jobs, and the next sweep tries again', {
          ...due,
          error,
        });
      }
    }
  }
}
