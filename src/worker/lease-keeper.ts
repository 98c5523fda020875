import type { Claim, JobQueue } from '../jobs/job-queue.ts';
import type { Logger } from '../logger.ts';

interface Held {
  claim: Claim;
  lost: () => void;
}

/** Keeps the leases of all of a worker's jobs alive: one call for all, every third of a lease. */
export class LeaseKeeper {
  readonly #queue: JobQueue;
  readonly #logger: Logger;
  readonly #held = new Map<string, Held>();
  readonly #timer: NodeJS.Timeout;
  #renewing = false;

  constructor(queue: JobQueue, leaseMs: number, logger: Logger) {
    this.#queue = queue;
    this.#logger = logger;
    this.#timer = setInterval(() => void this.#renew(), leaseMs / 3);
  }

  /**
   * Keeps a claim from now on.
   * @param lost called once when the claim turns out to be another's
   * @returns lets the claim go
   */
  keep(claim: Claim, lost: () => void): () => void {
    const held = { claim, lost };
    this.#held.set(claim.id, held);
    return () => {
      if (this.#held.get(claim.id) === held) this.#held.delete(claim.id);
    };
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #renew(): Promise<void> {
    // While Redis is away the call waits for it; a second one would only wait behind it.
    if (this.#held.size === 0 || this.#renewing) return;
    this.#renewing = true;
    const asked = [...this.#held.values()];
    try {
      const lost = new Set(await this.#queue.renew(asked.map(({ claim }) => claim)));
      for (const held of asked) {
        // A job settled while the call was under way counts as lost in Redis, and is no longer kept here.
        if (lost.has(held.claim.id) && this.#held.get(held.claim.id) === held) held.lost();
      }
    } catch (error) {
      this.#logger.error('renewing the leases failed', { error });
    } finally {
      this.#renewing = false;
    }
  }
}
