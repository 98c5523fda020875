import type { VectorStore } from '../documents/vector-store.ts';
import type { CleanupLog } from '../jobs/cleanup-log.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import type { Logger } from '../logger.ts';

const CLEANUPS_A_ROUND = 20;

/**
 * Puts right, every sixth of a lease, what workers that are gone have left behind: jobs whose lease has
 * ended, and chunks that no document shows. Any worker may do it; several at once do no harm.
 */
export class Sweeper {
  readonly #queue: JobQueue;
  readonly #cleanups: CleanupLog;
  readonly #vectors: VectorStore;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  readonly #closing = new AbortController();
  #round: Promise<void> | undefined;

  constructor(
    services: { queue: JobQueue; cleanups: CleanupLog; vectors: VectorStore; logger: Logger },
    leaseMs: number,
  ) {
    this.#queue = services.queue;
    this.#cleanups = services.cleanups;
    this.#vectors = services.vectors;
    this.#logger = services.logger;
    this.#timer = setInterval(() => {
      this.#round ??= this.#sweep().finally(() => (this.#round = undefined));
    }, leaseMs / 6);
  }

  /** Ends the round under way. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    await this.#round;
  }

  async #sweep(): Promise<void> {
    try {
      const { requeued, failed } = await this.#queue.expireLeases();
      if (requeued + failed > 0) this.#logger.warn('took jobs back from lost workers', { requeued, failed });
      for (const cleanup of await this.#cleanups.due(CLEANUPS_A_ROUND)) {
        await this.#vectors.deleteGeneration(cleanup, this.#closing.signal);
        await this.#cleanups.finish(cleanup);
      }
    } catch (error) {
      if (!this.#closing.signal.aborted)
        this.#logger.warn('a sweep did not finish, the next will', { error });
    }
  }
}
