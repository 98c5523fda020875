import { CLOSE, type Ticket } from '../../../src/contract/messages.ts';
import type { Settings } from '../../../src/contract/settings.ts';
import { Backoff } from '../backoff.ts';
import type { KeySource } from '../key-source.ts';
import type { Requester } from '../requester.ts';
import { SluiceError } from '../sluice-error.ts';
import type { Channel } from '../watch/channel.ts';
import type { Hub } from '../watch/hub.ts';
import type { Pace } from './pace.ts';
import { SocketLine, type Ended } from './socket-line.ts';
import { Subscriptions } from './subscriptions.ts';

const FIRST_PAUSE_MS = 500;
/** Longest pause between two tries, in ms. Another way that works again ends the pause. */
const LONGEST_PAUSE_MS = 30_000;
/** Least life of a good connection, in ms. The next failure counts as the first. */
const STEADY_MS = 10_000;
/** Shortest pause in ms after a refusal for too many connections, because early tries make that worse. It may be twice as long. */
const TOO_MANY_PAUSE_MS = 60_000;
/** Least pause in ms while only other ways work. A network that blocks WebSockets would otherwise get many tries. */
const SERVED_PAUSE_MS = 5000;
const SETTINGS_TIMEOUT_MS = 8000;

export interface SocketWayListener {
  onChange(): void;
  /** Returns whether other ways bring states, so that this one keeps their pace. */
  isFallback(): boolean;
  /** Returns whether another way works. */
  isServed(): boolean;
  /** The server closes a connection for a planned restart. */
  onPlanned(afterMs: number): void;
  /** No key works, so the way has ended. */
  onProblem(error: SluiceError): void;
}

interface Services {
  hub: Hub;
  pace: Pace;
  keys: KeySource;
  requester: Requester;
  getTicket: (() => Promise<string>) | undefined;
}

/** The way by WebSocket. It reconnects for ever, at the time that the server names, or after growing random pauses. */
export class SocketWay {
  readonly #services: Services;
  readonly #listener: SocketWayListener;
  readonly #subscriptions: Subscriptions;
  readonly #backoff = new Backoff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  #line: SocketLine | undefined;
  #gateway: URL | undefined;
  #openedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Numbers the tries, so that a late step of an earlier one does nothing. */
  #attempt = 0;
  #opening = false;
  /** Whether a connection was ever welcomed. */
  #hasWorked = false;
  #ended = true;
  #heardAt: number | undefined;
  /** Time before which the server takes no more connections, in ms since 1970. */
  #heldUntil = 0;
  /** True while a try waits only for its turn among the ways. */
  isDue = false;
  /** Time of the last failed try, in ms since 1970. */
  failedAt = 0;

  constructor(services: Services, listener: SocketWayListener) {
    this.#services = services;
    this.#listener = listener;
    this.#subscriptions = new Subscriptions(services.hub);
  }

  /** True while states flow. */
  get isLive(): boolean {
    return this.#line?.state === 'live';
  }

  /** True while the gateway is connected. */
  get isOpen(): boolean {
    return this.isLive || this.#line?.state === 'stale';
  }

  get heardAt(): number | undefined {
    return this.isOpen ? this.#line?.heardAt : this.#heardAt;
  }

  covers(id: string): boolean {
    return this.isLive && this.#subscriptions.covers(id);
  }

  coversChannel(channel: Channel): boolean {
    return this.isLive && this.#subscriptions.coversChannel(channel);
  }

  start(): void {
    this.#ended = false;
    void this.#open();
  }

  stop(): void {
    this.#ended = true;
    this.#attempt++;
    this.#opening = false;
    this.isDue = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#line?.close();
    this.#line = undefined;
  }

  /** Adapts to the present watches. The hub calls it after each change. */
  sync(): void {
    this.#subscriptions.sync();
  }

  check(now: number): void {
    this.#line?.check(now);
  }

  /** Asks whether the line is there, or tries at once. */
  probe(): void {
    if (this.#line) this.#line.probe();
    else this.hurry();
  }

  /** Ends the pause, because the server may be back. */
  hurry(): void {
    if (this.#ended || this.#line || this.#opening || Date.now() < this.#heldUntil) return;
    this.#backoff.reset();
    this.#openIn(this.#backoff.next());
  }

  async #open(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#ended || this.#line || this.#opening) return;
    const { waitMs } = this.#services.pace;
    this.isDue = waitMs > 0 && this.#listener.isFallback();
    if (this.isDue) return this.#openIn(waitMs);
    const attempt = ++this.#attempt;
    this.#opening = true;
    let key: string | undefined;
    try {
      const url = await this.#address();
      const { keys, getTicket, hub } = this.#services;
      if (getTicket) url.searchParams.set('ticket', ({ ticket: await getTicket() } satisfies Ticket).ticket);
      else key = await keys.current();
      if (attempt !== this.#attempt) return;
      this.#opening = false;
      this.#services.pace.take();
      const services = { hub, subscriptions: this.#subscriptions, renewKey: () => keys.renew() };
      const line = new SocketLine(url, key, services, {
        onChange: () => this.#hear(line),
        onEnded: (ended) => {
          if (this.#line === line) this.#lose(ended, key);
        },
      });
      this.#line = line;
    } catch (error) {
      if (attempt !== this.#attempt) return;
      this.#opening = false;
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.failedAt = Date.now();
    if (error instanceof SluiceError && error.status === 401) {
      this.#ended = true;
      return this.#listener.onProblem(error);
    }
    this.#openIn(this.#pause());
    this.#listener.onChange();
  }

  #pause(): number {
    const isBlocked = this.#listener.isServed() || (this.#gateway !== undefined && !this.#hasWorked);
    return this.#backoff.next() + (isBlocked ? SERVED_PAUSE_MS : 0);
  }

  #hear(line: SocketLine): void {
    if (this.#line !== line) return;
    if (this.#openedAt === 0 && this.isOpen) this.#openedAt = Date.now();
    this.#listener.onChange();
  }

  #lose({ code, wasOpen, afterMs, isKey, isFinal }: Ended, key: string | undefined): void {
    const now = Date.now();
    this.#hasWorked ||= wasOpen;
    if (wasOpen) this.#heardAt = this.#line?.heardAt;
    else this.failedAt = now;
    if (this.#openedAt > 0 && now - this.#openedAt > STEADY_MS) this.#backoff.reset();
    this.#openedAt = 0;
    this.#line = undefined;
    if (isKey) return void this.#replaceKey(key);
    if (wasOpen && afterMs !== undefined) this.#listener.onPlanned(afterMs);
    const heldMs = code === CLOSE.tooMany ? TOO_MANY_PAUSE_MS * (1 + Math.random()) : 0;
    this.#heldUntil = now + heldMs;
    if (isFinal) this.#ended = true;
    else this.#openIn(afterMs ?? (heldMs || this.#pause()));
    this.#listener.onChange();
  }

  async #replaceKey(used: string | undefined): Promise<void> {
    const detail = used === undefined ? 'The server asks for a key.' : 'The server does not take this key.';
    const error = new SluiceError('unauthorized', detail, { status: 401, detail });
    this.#listener.onChange();
    try {
      await this.#services.keys.replace(used, error);
      if (!this.#ended) await this.#open();
    } catch (error) {
      this.#fail(error);
    }
  }

  #openIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#open(), ms);
  }

  /** Returns the gateway's address: `ws` beside the API, unless the server names another. */
  async #address(): Promise<URL> {
    if (this.#gateway) return new URL(this.#gateway);
    const { requester } = this.#services;
    const own = new URL('ws', requester.base);
    own.protocol = own.protocol === 'https:' ? 'wss:' : 'ws:';
    try {
      const options = { tries: 1, timeoutMs: SETTINGS_TIMEOUT_MS };
      const { gateway_url: named } = await requester.json<Settings>('api/settings', options);
      this.#gateway = new URL(named ?? own);
      return new URL(this.#gateway);
    } catch (error) {
      const isRefused = error instanceof SluiceError && error.status === 401;
      // A client with tickets needs no key.
      if (isRefused && !this.#services.getTicket) throw error;
      // A server that fails now may soon return, and its own gateway is the best guess.
      return own;
    }
  }
}
