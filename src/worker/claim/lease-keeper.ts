import type { ClaimedJob } from '../../jobs/model/claimed-job.ts';
import type { JobQueue } from '../../jobs/transitions/job-queue.ts';
import type { Logger } from '../../logging/logger.ts';

/** Thrown (as the abort's reason) once another worker, or nobody, holds the job. */
export class ClaimLostError extends Error {
  override name = 'ClaimLostError';
}

/** A claim that is being kept. */
export interface KeptLease {
  /** True when it may have ended in the meantime, although it turned out to be held. */
  readonly lapsed: boolean;
  /**
   * MUST be awaited right before anything is written that Redis does not guard: a process that was stopped and
   * goes on does not know yet that its lease has ended. Where it may have, Redis is asked.
   * @throws {ClaimLostError} when the claim is held no more
   */
  ensureHeld(): Promise<void>;
  /** Lets the claim go. */
  release(): void;
}

interface Held {
  readonly job: ClaimedJob;
  readonly lost: () => void;
  validUntil: number;
  lapsed: boolean;
}

/** Notes that a lease was renewed by a call that began then. */
function renewed(held: Held, askedAt: number, leaseMs: number): void {
  held.lapsed ||= performance.now() >= held.validUntil;
  held.validUntil = askedAt + leaseMs;
}

/** Keeps the leases of all of a worker's jobs alive: one call for all, every third of a lease. */
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
   * Keeps a claim from now on.
   * @param lost called when the claim turns out not to be held any more
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
   * Asks Redis now whether a claim is still held.
   * @param jobId all that are kept, where it is absent
   */
  ask(jobId?: string): void {
    void this.#renew([...this.#held.values()].filter(({ job }) => jobId === undefined || job.id === jobId));
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #renewAll(): Promise<void> {
    // While Redis is away the call waits for it; a second one would only wait behind it.
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
        // A job settled while the call was under way counts as lost in Redis, and is no longer kept here.
        else if (this.#held.get(held.job.id) === held) held.lost();
      }
    } catch (error) {
      this.#logger.error('renewing the leases failed', { error });
    }
  }
}
