import type { ClaimedJob } from '../../jobs/model/claimed-job.ts';
import type { JobQueue } from '../../jobs/transitions/job-queue.ts';
import type { Logger } from '../../logging/logger.ts';

/** Reason of an abort after the worker lost its claim. */
export class ClaimLostError extends Error {
  override name = 'ClaimLostError';
}

/** A claim whose lease is renewed. */
export interface KeptLease {
  /** True if the lease may have ended for a while, although the worker still holds the claim. */
  readonly lapsed: boolean;
  /**
   * Asks Redis if the lease may have ended. Callers MUST await it right before each write that Redis does not guard,
   * because a process that was stopped does not know that its lease has ended.
   * @throws {ClaimLostError} when the worker lost the claim
   */
  ensureHeld(): Promise<void>;
  /** Stops renewing the lease. */
  release(): void;
}

interface Held {
  readonly job: ClaimedJob;
  readonly lost: () => void;
  validUntil: number;
  lapsed: boolean;
}

/** Extends a lease from the start of the call that renewed it. */
function renewed(held: Held, askedAt: number, leaseMs: number): void {
  held.lapsed ||= performance.now() >= held.validUntil;
  held.validUntil = askedAt + leaseMs;
}

/** Renews the leases of all of a worker's jobs in one call, every third of a lease. */
export class LeaseKeeper {
  readonly #queue: JobQueue;
  readonly #leaseMs: number;
  readonly #logger: Logger;
  readonly #held = new Map<string, Held>();
  readonly #timer: NodeJS.Timeout;
  #renewing = false;

  constructor(queue: JobQueue, leaseMs: number, logger: Logger) {
    this.#queue = queue;
    this.#leaseMs = leaseMs;
    this.#logger = logger;
    this.#timer = setInterval(() => void this.#renewAll(), leaseMs / 3);
  }

  /**
   * Renews a claim's lease from now on.
   * @param lost called when the worker has lost the claim
   */
  keep(job: ClaimedJob, lost: () => void): KeptLease {
    const held: Held = { job, lost, validUntil: job.askedAt + this.#leaseMs, lapsed: false };
    this.#held.set(job.id, held);
    return {
      get lapsed() {
        return held.lapsed || performance.now() >= held.validUntil;
      },
      ensureHeld: async () => {
        if (performance.now() < held.validUntil) return;
        const askedAt = performance.now();
        if ((await this.#queue.renew([job])).length > 0) throw new ClaimLostError('the lease had ended');
        renewed(held, askedAt, this.#leaseMs);
      },
      release: () => {
        if (this.#held.get(job.id) === held) this.#held.delete(job.id);
      },
    };
  }

  /**
   * Asks Redis now whether the worker still holds a claim.
   * @param jobId absent for all claims
   */
  ask(jobId?: string): void {
    void this.#renew([...this.#held.values()].filter(({ job }) => jobId === undefined || job.id === jobId));
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #renewAll(): Promise<void> {
    // While Redis is away the call waits. A second call would only wait behind it.
    if (this.#renewing) return;
    this.#renewing = true;
    await this.#renew([...this.#held.values()]);
    this.#renewing = false;
  }

  async #renew(asked: readonly Held[]): Promise<void> {
    if (asked.length === 0) return;
    const askedAt = performance.now();
    try {
      const lost = new Set(await this.#queue.renew(asked.map(({ job }) => job)));
      for (const held of asked) {
        if (!lost.has(held.job.id)) renewed(held, askedAt, this.#leaseMs);
        // A job that was settled meanwhile counts as lost in Redis, but no longer has an entry here.
        else if (this.#held.get(held.job.id) === held) held.lost();
      }
    } catch (error) {
      this.#logger.error('renewing the leases failed', { error });
    }
  }
}
