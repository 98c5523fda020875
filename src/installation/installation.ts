import type { ChromaClient } from 'chromadb';
import type { Redis } from 'ioredis';

import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { within } from './deadline.ts';
import type { Part, Proved, Standing } from './decide.ts';
import type { IdentityStores } from './identity-stores.ts';
import { InstallationError } from './installation-error.ts';
import { StoreComparison } from './store-comparison.ts';

/** How often the stores are compared: what a store that was exchanged under a running process can cost. */
const INTERVAL_MS = 3000;
/** How soon they are compared again while it is not known whose they are. */
const UNKNOWN_INTERVAL_MS = 250;
/**
 * For how long a store that does not answer stays confirmed: a busy machine may take seconds. Redis itself refuses what
 * is of another blob store, so that nothing is claimed or taken in meanwhile that should not be.
 */
const PATIENCE_MS = 10_000;
/** How long a process that stops waits for Redis to hear of it. */
const LAST_WORD_MS = 500;
/** How long it waits for a comparison that is under way. */
const LAST_ROUND_MS = 2000;
/** A comparison this recent answers a readiness probe. */
const FRESH_MS = 1000;

/**
 * Knows whether the stores that this process uses belong to one installation. Until that is confirmed, and whenever it
 * is not any more, nothing is claimed, swept, deleted or taken in. The stores are compared at the start, every few
 * seconds, and after each reconnect to Redis.
 */
export class Installation {
  readonly #stores: IdentityStores;
  readonly #comparison: StoreComparison;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  readonly #listeners = new Set<() => void>();
  #standing: Standing = { state: 'unknown', why: 'the stores have not been compared yet' };
  /** What this process has worked with: kept through an outage, when nothing can be compared. */
  #proved: Proved | undefined;
  #unconfirmed = aborted(new InstallationError('the installation is not confirmed'));
  #refused = new AbortController();
  #round: Promise<void> | undefined;
  /** True when Redis was away since the round under way began: its answer may be another server's. */
  #stale = false;
  #comparedAt = -Infinity;
  #confirmedAt = -Infinity;
  #logged = '';
  #closed = false;

  constructor(stores: IdentityStores, part: Part, logger: Logger) {
    this.#stores = stores;
    this.#comparison = new StoreComparison(stores, part, logger);
    this.#logger = logger;
    this.#timer = setInterval(() => this.#tick(), UNKNOWN_INTERVAL_MS);
    void this.compare();
  }

  /** True while everything that this process uses is known to be of one installation. */
  get confirmed(): boolean {
    return this.#standing.state === 'confirmed';
  }

  /** What an operator has to mend; `undefined` while nothing is known to be wrong. */
  get refusal(): string | undefined {
    return this.#standing.state === 'refused' ? this.#standing.message : undefined;
  }

  /** Aborts when the installation is not confirmed any more: what sweeps and compares stops at once. */
  get whileConfirmed(): AbortSignal {
    return this.#unconfirmed.signal;
  }

  /**
   * Aborts, with an {@link InstallationError}, when a store turns out not to be the installation's. An outage of Redis
   * does not abort it: jobs in hand outlast that.
   */
  get untilRefused(): AbortSignal {
    return this.#refused.signal;
  }

  /** The blob store that this process has proved to be the installation's. @throws {InstallationError} before that */
  get store(): string {
    if (this.#proved?.store === undefined) throw new InstallationError('the blob store is not confirmed');
    return this.#proved.store;
  }

  /** Calls back whenever {@link confirmed} or {@link refusal} may have changed. The callback MUST NOT throw. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Doubts what Redis is from the moment that a connection to it ends, until it was compared again. */
  watch(redis: Redis): void {
    redis.on('close', () => {
      this.#stale = true;
      if (this.confirmed) this.#settle({ state: 'unknown', why: 'Redis is away' });
    });
    redis.on('ready', () => void this.compare());
  }

  /** Compares the stores now; those who ask meanwhile share the round. Never throws. */
  compare(): Promise<void> {
    this.#round ??= this.#compareOnce().finally(() => (this.#round = undefined));
    return this.#round;
  }

  /** For readiness. @throws {InstallationError} unless the installation is confirmed, apart from the blob store */
  async check(): Promise<void> {
    const standing = await this.#fresh();
    if (standing.state === 'unknown') throw new InstallationError(standing.why);
    if (standing.state === 'refused' && standing.check === 'installation')
      throw new InstallationError(standing.message);
  }

  /** For readiness. @throws {InstallationError} where the folder is not the installation's blob store */
  async checkBlobs(): Promise<void> {
    const standing = await this.#fresh();
    if (standing.state === 'refused' && standing.check === 'blobs')
      throw new InstallationError(standing.message);
  }

  /**
   * Lets a request that writes pass.
   * @param withinMs how long a comparison that is under way, or a Redis that is away, is waited for
   * @throws {AppError} `installation_mismatch`, `storage_unavailable`, or `queue_unavailable` while Redis is away
   */
  async admit(withinMs: number): Promise<void> {
    await this.settled(withinMs);
    const standing = this.#standing;
    if (standing.state === 'confirmed') return;
    if (standing.state === 'unknown')
      throw new AppError('queue_unavailable', 'Nothing was stored. Try again in a moment.', {
        cause: new InstallationError(standing.why),
      });
    const code = standing.check === 'blobs' ? 'storage_unavailable' : 'installation_mismatch';
    // The message itself has been logged, once: every request is logged that is refused.
    throw new AppError(code, 'Nothing was changed. The log of the server says what to correct.');
  }

  /** Resolves once it is known whether the stores belong together, or after so long. */
  async settled(withinMs: number): Promise<void> {
    if (this.#standing.state !== 'unknown') return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#listeners.add(resolve);
    await within(withinMs, promise);
    this.#listeners.delete(resolve);
  }

  /**
   * Proves the blob store anew, by reading its identity now.
   * @throws {InstallationError} when it is not the one that this process works with
   */
  async proveBlobs(): Promise<void> {
    const folder = await this.#comparison.readFolder().catch((error: Error) => error);
    const proved = this.#proved;
    if (folder && !(folder instanceof Error) && folder.id === proved?.id && folder.store === proved.store)
      return;
    await this.compare();
    throw new InstallationError('the folder is not the blob store that this process works with');
  }

  /**
   * Proves that Chroma is the installation's; one without an id adopts it. MUST be awaited before each write and delete:
   * a Chroma that was away may come back as another.
   * @throws {InstallationError} unless it is; whatever the client throws
   */
  async proveChroma(client: ChromaClient): Promise<void> {
    const { chroma } = this.#stores;
    if (this.#standing.state === 'refused') throw new InstallationError(this.#standing.message);
    const id = this.#proved?.id;
    if (id === undefined) throw new InstallationError('the installation is not confirmed');
    const found = (await chroma.read(client)) ?? (await chroma.adopt(client, id));
    if (found === id) return;
    await this.compare();
    throw new InstallationError("Chroma is another installation's");
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    // A comparison that is under way may be about to write an id.
    if (this.#round) await within(LAST_ROUND_MS, this.#round);
    const { redis } = this.#stores;
    const store = this.#proved?.store;
    if (this.confirmed && store !== undefined && redis.connected)
      await within(LAST_WORD_MS, redis.release(store)).catch(() => {});
  }

  #tick(): void {
    const age = performance.now() - this.#comparedAt;
    if (this.#standing.state === 'unknown' || age >= INTERVAL_MS) void this.compare();
  }

  async #fresh(): Promise<Standing> {
    if (performance.now() - this.#comparedAt > FRESH_MS) await this.compare();
    return this.#standing;
  }

  async #compareOnce(): Promise<void> {
    do {
      this.#stale = false;
      try {
        const standing = await this.#comparison.run(this.#proved);
        if (!this.#stale) this.#settle(standing);
      } catch (error) {
        const isPatient = performance.now() - this.#confirmedAt < PATIENCE_MS;
        if (!this.confirmed || this.#stale || !isPatient)
          this.#settle({ state: 'unknown', why: error instanceof Error ? error.message : String(error) });
      }
      // Redis may have been away, and be another, since the answer was asked for.
    } while (this.#stale && this.#stores.redis.connected);
    this.#comparedAt = performance.now();
  }

  #settle(standing: Standing): void {
    if (this.#closed) return;
    const was = this.#standing;
    this.#standing = standing;
    if (standing.state === 'confirmed') {
      this.#confirmedAt = performance.now();
      this.#proved = { id: standing.id, store: standing.store };
      if (this.#unconfirmed.signal.aborted) this.#unconfirmed = new AbortController();
    } else {
      this.#unconfirmed.abort(new InstallationError('the installation is not confirmed'));
    }
    if (standing.state === 'refused') this.#refused.abort(new InstallationError(standing.message));
    else if (this.#refused.signal.aborted) this.#refused = new AbortController();
    this.#report(standing);
    if (was.state !== standing.state) for (const listener of this.#listeners) listener();
  }

  /** Each finding is said once, however often it is found. */
  #report(standing: Standing): void {
    if (standing.state === 'refused' && standing.message !== this.#logged) {
      this.#logged = standing.message;
      this.#logger.error(standing.message);
    } else if (standing.state === 'confirmed' && this.#logged !== '') {
      this.#logged = '';
      this.#logger.info('the stores belong to one installation again', { id: standing.id });
    }
  }
}

function aborted(reason: Error): AbortController {
  const controller = new AbortController();
  controller.abort(reason);
  return controller;
}
