import { Backoff } from '../backoff.ts';
import type { Requester } from '../requester.ts';
import type { SluiceError } from '../sluice-error.ts';
import type { Channel } from '../watch/channel.ts';
import type { Hub } from '../watch/hub.ts';
import { EventLine } from './event-line.ts';
import type { Pace } from './pace.ts';

const FIRST_PAUSE_MS = 4000;
const LONGEST_PAUSE_MS = 60_000;
/** Least time in ms between two streams, while more and more jobs are watched. */
const REOPEN_MS = 2000;

export interface EventWayListener {
  onChange(): void;
  onProblem(error: SluiceError): void;
}

/** The way by event stream, while the WebSocket does not work. */
export class EventWay {
  readonly #hub: Hub;
  readonly #requester: Requester;
  readonly #listener: EventWayListener;
  readonly #pace: Pace;
  readonly #backoff = new Backoff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  #line: EventLine | undefined;
  #former: EventLine | undefined;
  #nextAt = 0;
  #heardAt: number | undefined;

  constructor(hub: Hub, requester: Requester, pace: Pace, listener: EventWayListener) {
    this.#pace = pace;
    this.#hub = hub;
    this.#requester = requester;
    this.#listener = listener;
  }

  get isOpen(): boolean {
    return this.#line?.state === 'open';
  }

  /** True while a stream brings states, or soon will. */
  get isExpected(): boolean {
    return this.#line?.isExpected ?? false;
  }

  get isStale(): boolean {
    return this.#line?.state === 'stale';
  }

  get heardAt(): number | undefined {
    return this.isOpen || this.isStale ? this.#line?.heardAt : this.#heardAt;
  }

  covers(id: string): boolean {
    return this.#line?.covers(id) ?? false;
  }

  coversChannel(channel: Channel): boolean {
    return this.#line?.coversChannel(channel) ?? false;
  }

  /** Returns whether it is time to open a stream. */
  isDue(now: number): boolean {
    return !this.#line && now >= this.#nextAt && EventLine.serves(this.#hub);
  }

  /** Gives a silent stream up, and opens one if it is time. */
  check(now: number): void {
    const line = this.#line;
    line?.check(now);
    if (now < this.#nextAt || this.#pace.waitMs > 0) return;
    if (!this.#line) this.#open(now);
    else if (this.isOpen && this.#line.isShort) {
      this.#line.close();
      this.#open(now);
    }
  }

  /** Forgets the pause, because the line may be back. */
  hurry(): void {
    this.#nextAt = 0;
  }

  stop(): void {
    this.#line?.close();
    this.#line = undefined;
    this.#former = undefined;
    this.#nextAt = 0;
    this.#backoff.reset();
  }

  #open(now: number): void {
    if (!EventLine.serves(this.#hub)) return;
    this.#nextAt = now + REOPEN_MS;
    this.#pace.take();
    const former = this.#former;
    const line: EventLine = new EventLine(this.#hub, this.#requester, former, {
      onChange: () => {
        if (this.isOpen) this.#backoff.reset();
        this.#heardAt = line.heardAt;
        this.#listener.onChange();
      },
      onEnded: (error) => {
        if (this.#line !== line) return;
        this.#line = undefined;
        this.#former = line;
        const pauseMs = Math.max(this.#backoff.next(), error?.retryAfterMs ?? 0);
        this.#nextAt = Math.max(this.#nextAt, Date.now() + pauseMs);
        if (error?.status === 401) this.#listener.onProblem(error);
        this.#listener.onChange();
      },
    });
    this.#line = line;
  }
}
