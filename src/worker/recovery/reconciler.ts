import type { Redis } from 'ioredis';

import type { Installation } from '../../installation/installation.ts';
import type { EpochTracker } from '../../jobs/reads/epoch-tracker.ts';
import type { Logger } from '../../logging/logger.ts';
import type { Availability } from '../claim/availability.ts';
import type { ChunkComparison } from '../comparison/chunk-comparison.ts';
import type { EndedRecovery } from './ended-recovery.ts';

export interface ReconcilerServices {
  /** The connection that the worker claims by. */
  redis: Redis;
  epochs: EpochTracker;
  ended: EndedRecovery;
  comparison: ChunkComparison;
  installation: Pick<Installation, 'confirmed' | 'whileConfirmed' | 'onChange'>;
  logger: Logger;
}

/**
 * Restores what Redis lost. It reads the epoch after each reconnect, and every sixth of a lease. In a new epoch it
 * restores ended jobs before this worker claims again. Then it compares Chroma with Redis. It waits until the
 * installation is confirmed, because a foreign Redis seems to have lost everything.
 */
export class Reconciler {
  readonly #services: ReconcilerServices;
  readonly #availability: Availability;
  readonly #settleMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #closing = new AbortController();
  #round: Promise<void> | undefined;
  #comparison: Promise<void> | undefined;
  /** Ends the block on claims. Set while Redis was away and its epoch is not known yet. */
  #doubt: (() => void) | undefined;
  /** True from a reconnect until the epoch is read. */
  #asked = true;
  #epoch = '';
  #since = 0;

  /**
   * @param settleMs time in ms after which a new epoch has resolved all earlier claims, and requeued all lost uploads
   */
  constructor(services: ReconcilerServices, availability: Availability, leaseMs: number, settleMs: number) {
    this.#services = services;
    this.#availability = availability;
    this.#settleMs = settleMs;
    this.#doubt = availability.wait();
    this.#timer = setInterval(() => this.#ask(), leaseMs / 6);
    services.redis.on('close', this.#onClose);
    services.redis.on('ready', this.#onReady);
    services.installation.onChange(() => this.#ask());
    this.#ask();
  }

  /** Ends the running round and comparison. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#services.redis.off('close', this.#onClose);
    this.#services.redis.off('ready', this.#onReady);
    this.#closing.abort();
    await Promise.all([this.#round, this.#comparison]);
  }

  readonly #onClose = () => {
    this.#doubt ??= this.#availability.wait();
  };

  readonly #onReady = () => {
    this.#asked = true;
    this.#ask();
  };

  #ask(): void {
    this.#round ??= this.#work().finally(() => (this.#round = undefined));
  }

  async #work(): Promise<void> {
    if (!this.#services.installation.confirmed || this.#closing.signal.aborted) return;
    try {
      do {
        await this.#restoreEnded(await this.#present());
        // Redis may have been away once more meanwhile.
      } while (this.#asked);
      // Does not wait for the comparison, because it may take long, and claims wait for the round.
      this.#comparison ??= this.#compare()
        .catch((error: unknown) => this.#warn(error))
        .finally(() => (this.#comparison = undefined));
    } catch (error) {
      this.#warn(error);
    } finally {
      // A failed restoration must not block all claims.
      this.#doubt?.();
      this.#doubt = undefined;
    }
  }

  /** Aborts when this worker closes, or when the installation is no longer confirmed. */
  #signal(): AbortSignal {
    return AbortSignal.any([this.#closing.signal, this.#services.installation.whileConfirmed]);
  }

  #warn(error: unknown): void {
    if (!this.#closing.signal.aborted)
      this.#services.logger.warn('reconciling failed, and the next round tries again', { error });
  }

  /** Returns the present epoch. Opens a new one after a reconnect if Redis changed. */
  async #present(): Promise<string> {
    const { epochs } = this.#services;
    if (!this.#asked) return epochs.follow();
    this.#asked = false;
    try {
      return (await epochs.open()).epoch;
    } catch (error) {
      this.#asked = true;
      throw error;
    }
  }

  async #restoreEnded(epoch: string): Promise<void> {
    const { ended } = this.#services;
    if (epoch !== this.#epoch) this.#since = performance.now();
    this.#epoch = epoch;
    await ended.sweep(epoch, this.#signal());
  }

  async #compare(): Promise<void> {
    const epoch = this.#epoch;
    const settled = performance.now() - this.#since >= this.#settleMs;
    const goesOn = async () => {
      await this.#round;
      return this.#epoch === epoch;
    };
    await this.#services.comparison.compare(epoch, settled, goesOn, this.#signal());
  }
}
