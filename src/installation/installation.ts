import type { ChromaClient } from 'chromadb';
import type { Redis } from 'ioredis';

import { within } from '../deadline.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logging/logger.ts';
import { SingleFlight } from '../single-flight.ts';
import { aborted } from './aborted.ts';
import type { Part, Proved, Standing } from './decide.ts';
import type { IdentityStores } from './identity-stores.ts';
import { InstallationError } from './installation-error.ts';
import { StandingLog } from './standing-log.ts';
import { StoreComparison } from './store-comparison.ts';

/** Comparison interval in ms. It bounds the damage after an operator exchanges a store under a running process. */
const INTERVAL_MS = 3000;
/** Comparison interval in ms while the state is unknown. */
const UNKNOWN_INTERVAL_MS = 250;
/**
 * Time in ms that a store without a response stays confirmed, because a busy machine may take seconds. Redis itself
 * refuses claims and uploads for another blob store meanwhile.
 */
const SILENT_MS = 10_000;
/** Longest wait of a stopping process for Redis to note the release, in ms. */
const LAST_WORD_MS = 500;
/** Longest wait of a stopping process for a comparison under way, in ms. */
const LAST_ROUND_MS = 2000;
/** Age in ms up to which a readiness probe reuses a comparison. */
const FRESH_MS = 1000;

/**
 * Confirms that the stores of this process belong to one installation. Without a confirmation the process claims,
 * sweeps, deletes and accepts nothing. It compares the stores at the start, every few seconds, and after each
 * reconnect to Redis.
 */
export class Installation {
  readonly #stores: IdentityStores;
  readonly #comparison: StoreComparison;
  readonly #log: StandingLog;
  readonly #timer: NodeJS.Timeout;
  readonly #listeners = new Set<() => void>();
  #standing: Standing = { state: 'unknown', why: 'this process has not compared the stores yet' };
  /** Identities that this process has worked with. It keeps them through an outage, when it can compare nothing. */
  #proved: Proved | undefined;
  #unconfirmed = aborted(new InstallationError('the installation is not confirmed'));
  #refused = new AbortController();
  #round: Promise<void> | undefined;
  readonly #blobsProof = new SingleFlight(() => this.#proveBlobsNow());
  /** True if Redis was away since the comparison began: its response may be another server's. */
  #stale = false;
  #comparedAt = -Infinity;
  #confirmedAt = -Infinity;
  #closed = false;

  constructor(stores: IdentityStores, part: Part, logger: Logger) {
    this.#stores = stores;
    this.#comparison = new StoreComparison(stores, part, logger);
    this.#log = new StandingLog(logger);
    this.#timer = setInterval(() => this.#tick(), UNKNOWN_INTERVAL_MS);
    void this.compare();
  }

  /** True while all stores of this process belong to one installation. */
  get confirmed(): boolean {
    return this.#standing.state === 'confirmed';
  }

  /** Message for the operator; `undefined` while no fault is known. */
  get refusal(): string | undefined {
    return this.#standing.state === 'refused' ? this.#standing.message : undefined;
  }

  /** Aborts when the confirmation ends. Sweeps and comparisons stop at once. */
  get whileConfirmed(): AbortSignal {
    return this.#unconfirmed.signal;
  }

  /**
   * Aborts with an {@link InstallationError} when a store belongs to another installation. An outage of Redis does
   * not abort it: running jobs continue through one.
   */
  get untilRefused(): AbortSignal {
    return this.#refused.signal;
  }

  /** Returns the installation's id. @throws {InstallationError} before the first confirmation, and while refused */
  get id(): string {
    if (this.#standing.state === 'refused') throw new InstallationError(this.#standing.message);
    if (this.#proved?.id === undefined) throw new InstallationError('the installation is not confirmed');
    return this.#proved.id;
  }

  /** Returns the confirmed blob store's id. @throws {InstallationError} before the first confirmation */
  get store(): string {
    if (this.#proved?.store === undefined) throw new InstallationError('the blob store is not confirmed');
    return this.#proved.store;
  }

  /** Subscribes to changes of {@link confirmed} and {@link refusal}. The callback MUST NOT throw. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Watches the connection to Redis: each loss ends the confirmation until the next comparison. */
  watch(redis: Redis): void {
    redis.on('close', () => {
      this.#stale = true;
      if (this.confirmed) this.#settle({ state: 'unknown', why: 'Redis is away' });
    });
    redis.on('ready', () => void this.compare());
  }

  /** Compares the stores now. Concurrent callers share one comparison. Never throws. */
  compare(): Promise<void> {
    this.#round ??= this.#compareOnce().finally(() => (this.#round = undefined));
    return this.#round;
  }

  /** Checks readiness. @throws {InstallationError} unless the installation is confirmed, apart from the blob store */
  async check(): Promise<void> {
    const standing = await this.#fresh();
    if (standing.state === 'unknown') throw new InstallationError(standing.why);
    if (standing.state === 'refused' && standing.check === 'installation')
      throw new InstallationError(standing.message);
  }

  /** Checks readiness. @throws {InstallationError} if the folder is not the installation's blob store */
  async checkBlobs(): Promise<void> {
    const standing = await this.#fresh();
    if (standing.state === 'refused' && standing.check === 'blobs')
      throw new InstallationError(standing.message);
  }

  /**
   * Admits a request that writes.
   * @param withinMs longest wait for a comparison under way, or for Redis to return
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
    // Omits the message, because the log has it already, and logs each refused request.
    throw new AppError(code, 'Nothing was changed. The log of the server says what to correct.');
  }

  /** Resolves after the first comparison, or after a timeout. */
  async settled(withinMs: number): Promise<void> {
    if (this.#standing.state !== 'unknown') return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#listeners.add(resolve);
    await within(withinMs, promise);
    this.#listeners.delete(resolve);
  }

  /**
   * Proves the blob store by reading its identity now. Concurrent callers share a reading, and none gets an older one.
   * @throws {InstallationError} if it is not the one that this process works with
   */
  proveBlobs(): Promise<void> {
    return this.#blobsProof.ask();
  }

  async #proveBlobsNow(): Promise<void> {
    const folder = await this.#comparison.readFolder().catch((error: Error) => error);
    const proved = this.#proved;
    if (folder && !(folder instanceof Error) && folder.id === proved?.id && folder.store === proved.store)
      return;
    await this.compare();
    throw new InstallationError('the folder is not the blob store that this process works with');
  }

  /**
   * Proves that Chroma is the installation's. A Chroma without an id adopts it. Callers MUST await this before each
   * write and delete, because a Chroma that was away may return as another server.
   * @throws {InstallationError} for another installation's Chroma; the client's own errors
   */
  async proveChroma(client: ChromaClient): Promise<void> {
    const { chroma } = this.#stores;
    const { id } = this;
    const found = (await chroma.read(client)) ?? (await chroma.adopt(client, id));
    if (found === id) return;
    await this.compare();
    throw new InstallationError("Chroma is another installation's");
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    // A comparison under way may still write an id.
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
        const isRecent = performance.now() - this.#confirmedAt < SILENT_MS;
        if (!this.confirmed || this.#stale || !isRecent)
          this.#settle({ state: 'unknown', why: error instanceof Error ? error.message : String(error) });
      }
      // Redis may have gone away since the request, and another server may have taken its place.
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
    this.#log.report(standing);
    if (was.state !== standing.state) for (const listener of this.#listeners) listener();
  }
}
