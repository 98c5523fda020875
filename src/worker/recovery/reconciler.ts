import type { Redis } from 'ioredis';

import type { Installation } from '../../installation/installation.ts';
import type { EpochTracker } from '../../jobs/reads/epoch-tracker.ts';
import type { Logger } from '../../logging/logger.ts';
import type { Availability } from '../claim/availability.ts';
import type { ChromaComparison } from '../comparison/chroma-comparison.ts';
import type { EndedRecovery } from './ended-recovery.ts';

export interface ReconcilerServices {
  /** The connection that the worker claims by. */
  redis: Redis;
  epochs: EpochTracker;
  ended: EndedRecovery;
  comparison: ChromaComparison;
  installation: Pick<Installation, 'confirmed' | 'whileConfirmed' | 'onChange'>;
  logger: Logger;
}

/**
 * Puts right what a Redis that lost writes no longer knows. It asks after every reconnect, and every sixth of a
 * lease, which epoch this is; in a new one, jobs that had ended are restored before this worker claims anything.
 * Behind that, Chroma is compared with what Redis knows. It waits until the installation is confirmed: by another's
 * Redis everything would seem to be forgotten.
 */
export class Reconciler {
  readonly #services: ReconcilerServices;
  readonly #availability: Availability;
  readonly #settleMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #closing = new AbortController();
  #round: Promise<void> | undefined;
  #comparison: Promise<void> | undefined;
  /** While it is there, nothing is claimed: Redis was away, and what it is now is not known yet. */
  #doubt: (() => void) | undefined;
  /** True from a reconnect until Redis was asked what it is now. */
  #asked = true;
  #epoch = '';
  #since = 0;

  /**
   * @param settleMs after how long in a new epoch every claim from before it has been found out, and every
   * forgotten upload is requeued
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

  /** Ends what is under way. */
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
      // Beside the rounds: it may take long, and nothing may be claimed from a reconnect until the next round.
      this.#comparison ??= this.#compare()
        .catch((error: unknown) => this.#warn(error))
        .finally(() => (this.#comparison = undefined));
    } catch (error) {
      this.#warn(error);
    } finally {
      // What cannot be restored must not keep the others waiting.
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
      this.#services.logger.warn('reconciling did not finish, the next round will', { error });
  }

  /** The epoch that this is. */
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
