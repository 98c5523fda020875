import { randomBytes, randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';

import { Backoff } from '../../backoff.ts';
import type { Logger } from '../../logging/logger.ts';
import type { Keys } from '../../redis/keys.ts';
import { canaryPosition, parseJobEvents, type JobEvents, type StreamPosition } from '../model/job-event.ts';
import type { EpochTracker } from '../reads/epoch-tracker.ts';
import { loadScripts, type RunScript } from '../transitions/load-scripts.ts';

const CANARY_MS = 1000;
/** Time in ms after which a canary is lost, and the link down. */
const CANARY_TIMEOUT_MS = 3000;
/** Shortest and longest pause before a retry of a failed subscription, in ms. */
const MIN_PAUSE_MS = 250;
const MAX_PAUSE_MS = 15_000;
/** Length in bytes that makes a nonce impossible to guess. */
const NONCE_BYTES = 8;

export interface LinkListener {
  /**
   * Transitions of jobs, in the order in which Redis published them.
   * @param jobId id of the first job. The values of the others name theirs.
   */
  onEvents(jobId: string, events: JobEvents): void;
  /** A canary proves delivery from now on. Earlier events may be lost. */
  onUp(epoch: string): void;
  /** No canary proves delivery now. */
  onDown(): void;
  /** The link works, but events are lost. */
  onGap(): void;
}

/**
 * Subscribes a node to all job events once, and proves delivery. Each second a canary goes through Redis over the
 * connection of the events. It carries the event count. A canary that does not return shows a dead link, which the node
 * replaces. A higher count means missed events. A lower one means Redis lost writes.
 *
 * Any program can publish on these channels. So the node believes only a canary, because it reports Redis' own keys.
 * An event counts if it is the very next one. About any other, the node asks with a canary. A repeated offset since the
 * last canary shows a forged event in the place of a true one. That is a gap, too.
 */
export class FeedLink {
  readonly #connect: () => Redis;
  readonly #epochs: EpochTracker;
  readonly #run: RunScript;
  readonly #keys: Keys;
  readonly #logger: Logger;
  readonly #listener: LinkListener;
  readonly #channel: string;
  #subscriber: Redis;
  #up = false;
  /** The last position from this subscription; none before the first. */
  #heard: StreamPosition | undefined;
  /** Offset of the last canary. */
  #proven = 0;
  /** True when an offset came twice since the last canary. */
  #doubted = false;
  /**
   * Nonces of the canaries under way, with their numbers. Absent before the subscription stands, because a canary would
   * prove nothing.
   */
  #nonces: Map<string, number> | undefined;
  #canaries = 0;
  /** Callers that wait for a later canary. */
  #waiters: { after: number; resolve: () => void }[] = [];
  /** True while a canary is out because of an event that was not the next. */
  #asking = false;
  #lastProofAt = performance.now();
  readonly #backoff = new Backoff(MIN_PAUSE_MS, MAX_PAUSE_MS);
  /** Earliest time of the next replacement of a silent link, by `performance.now()`. */
  #replaceAt = 0;
  readonly #timer: NodeJS.Timeout;
  #closed = false;
  /** Number of lost canaries. */
  misses = 0;

  /**
   * @param connect opens a retrying connection of the link's own
   * @param commands sends the canaries
   */
  constructor(
    connect: () => Redis,
    commands: Redis,
    epochs: EpochTracker,
    { keys, logger, listener }: { keys: Keys; logger: Logger; listener: LinkListener },
  ) {
    this.#connect = connect;
    this.#run = loadScripts(commands, keys);
    this.#epochs = epochs;
    this.#keys = keys;
    this.#logger = logger;
    this.#listener = listener;
    this.#channel = keys.canary(randomUUID());
    this.#subscriber = this.#subscribe();
    this.#timer = setInterval(() => this.#beat(), CANARY_MS);
  }

  /** True while delivery is proven. */
  get up(): boolean {
    return this.#up;
  }

  /** Offset of the last event or canary that arrived; 0 before the first. */
  get offset(): number {
    return this.#heard?.offset ?? 0;
  }

  /** Time since the last proof of delivery, in ms. */
  get proofAgeMs(): number {
    return performance.now() - this.#lastProofAt;
  }

  /** Resolves once every event published until now has arrived, or the link is down. */
  async caughtUp(): Promise<void> {
    if (!this.#up) return;
    await new Promise<void>((resolve) => {
      this.#waiters.push({ after: this.#canaries, resolve });
      this.#sendCanary();
    });
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#subscriber.disconnect();
  }

  #subscribe(): Redis {
    const subscriber = this.#connect();
    const { jobPrefix, allEvents } = this.#keys;
    // A replaced subscriber may still deliver or close. Neither concerns the link.
    const replaced = () => subscriber !== this.#subscriber;
    subscriber.on('pmessage', (_pattern: string, channel: string, message: string) => {
      if (replaced()) return;
      const events = parseJobEvents(message);
      if (this.#areNext(events))
        this.#listener.onEvents(channel.slice(jobPrefix.length, -':events'.length), events);
    });
    subscriber.on('message', (_channel: string, message: string) => {
      if (!replaced()) this.#receiveCanary(message);
    });
    subscriber.on('close', () => {
      if (!replaced()) this.#lose();
    });
    subscriber.on('ready', () => {
      Promise.all([subscriber.psubscribe(allEvents), subscriber.subscribe(this.#channel)])
        .then(() => this.#prove())
        .catch((error: unknown) => {
          if (replaced() || this.#closed) return;
          this.#logger.warn('cannot subscribe to the job events, retrying', { error });
          setTimeout(() => {
            if (!replaced() && !this.#closed) subscriber.disconnect(true);
          }, this.#backoff.next());
        });
    });
    return subscriber;
  }

  /** Sends a canary whose return proves the present subscription. */
  async #prove(): Promise<void> {
    this.#lose();
    this.#nonces = undefined;
    await this.#epochs.open(this.#heard);
    this.#nonces = new Map();
    this.#sendCanary();
  }

  #beat(): void {
    if (this.proofAgeMs > CANARY_TIMEOUT_MS) {
      this.misses++;
      this.#lose();
      this.#nonces?.clear();
      // A subscriber that is not ready already connects.
      if (this.#subscriber.status === 'ready' && performance.now() > this.#replaceAt) {
        this.#replaceAt = performance.now() + CANARY_TIMEOUT_MS + this.#backoff.next();
        this.#logger.warn('job events no longer arrive, reconnecting');
        this.#subscriber.disconnect();
        this.#subscriber = this.#subscribe();
      }
    }
    this.#sendCanary();
  }

  #sendCanary(): void {
    const nonce = randomBytes(NONCE_BYTES).toString('hex');
    this.#nonces?.set(nonce, ++this.#canaries);
    // A canary that Redis refuses does not come back. The link notices that.
    this.#run('canary', { channel: this.#channel, nonce }).catch(() => {});
  }

  #receiveCanary(message: string): void {
    const now = canaryPosition(message);
    const nonce = NONCE.exec(message)?.[1] ?? '';
    const number = this.#nonces?.get(nonce);
    if (!now || number === undefined) return;
    this.#nonces?.delete(nonce);
    this.#lastProofAt = performance.now();
    this.#backoff.reset();
    this.#asking = false;
    const before = this.#heard;
    const doubted = this.#doubted;
    this.#doubted = false;
    this.#proven = now.offset;
    if (!this.#up || !before) {
      this.#up = true;
      this.#heard = now;
      this.#listener.onUp(now.epoch);
    } else if (now.epoch !== before.epoch || now.offset < before.offset) {
      this.#logger.warn('Redis began another epoch', { before, now });
      this.#prove().catch((error: unknown) => this.#logger.warn('cannot read the epoch of Redis', { error }));
    } else {
      this.#heard = now;
      if (now.offset > before.offset || doubted) this.#listener.onGap();
    }
    this.#release(number);
  }

  /** Resolves the callers that asked before this canary. */
  #release(canary: number): void {
    const waiters = this.#waiters;
    this.#waiters = waiters.filter(({ after }) => after >= canary);
    for (const { after, resolve } of waiters) if (after < canary) resolve();
  }

  /** Counts the very next events. About any others, asks Redis' own keys with a canary. */
  #areNext(now: JobEvents | undefined): now is JobEvents {
    const before = this.#heard;
    if (!this.#up || !before) return false;
    if (now?.epoch === before.epoch && now.offset === before.offset + 1) {
      this.#heard = { epoch: now.epoch, offset: before.offset + now.jobs.length };
      return true;
    }
    const taken = now?.epoch === before.epoch && now.offset <= before.offset;
    if (taken && now.offset + now.jobs.length - 1 > this.#proven) this.#doubted = true;
    if (!this.#asking) this.#sendCanary();
    this.#asking = true;
    return false;
  }

  #lose(): void {
    if (!this.#up) return;
    this.#up = false;
    this.#listener.onDown();
    this.#release(Infinity);
  }
}

/** Matches the end of a canary. */
const NONCE = /"([0-9a-f]+)"\]$/;
