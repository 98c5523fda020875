import type { Link, LinkState } from '../api.ts';
import { onSignal } from '../environment.ts';
import type { KeySource } from '../key-source.ts';
import type { Requester } from '../requester.ts';
import type { SluiceError } from '../sluice-error.ts';
import type { Channel } from '../watch/channel.ts';
import type { Hub } from '../watch/hub.ts';
import { callBack } from '../watch/stream.ts';
import { EventWay } from './event-way.ts';
import { Pace } from './pace.ts';
import { Poller } from './poller.ts';
import { SocketWay } from './socket-way.ts';

/** Interval in ms of the checks. A browser may slow it in a hidden page, so checks compare times. */
const CHECK_MS = 1000;
/** Pause in ms after a probe until a line without a response is given up. */
const PROBED_MS = 3100;
/** Time in ms without a live socket after which the other ways start. */
const FALLBACK_MS = 2000;
/** Time in ms for which something heard shows that the line is there. */
const FRESH_MS = 10_000;
/** Longest announced pause that the state does not show, in ms. */
const GRACE_MS = 2000;

interface Services {
  hub: Hub;
  keys: KeySource;
  requester: Requester;
  getTicket: (() => Promise<string>) | undefined;
  onLink: ((link: Link) => void) | undefined;
}

/** Keeps the line to the server: by WebSocket, event stream or reads, by what works, and back up. */
export class LineKeeper implements Link {
  readonly #hub: Hub;
  readonly #onLink: ((link: Link) => void) | undefined;
  readonly #socket: SocketWay;
  readonly #events: EventWay;
  readonly #poller: Poller;
  readonly #pace = new Pace();
  readonly #ups = new Set<() => void>();
  #said: LinkState = 'offline';
  #since = Date.now();
  #running = false;
  #checks: ReturnType<typeof setInterval> | undefined;
  #endSignals = () => {};
  #problem: SluiceError | undefined;
  /** Time when the socket was last live, or when the line began, in ms since 1970. */
  #liveUntil = 0;
  #polledAt: number | undefined;
  #pollFailedAt = 0;
  #graceUntil = 0;

  constructor({ hub, keys, requester, getTicket, onLink }: Services) {
    this.#hub = hub;
    this.#onLink = onLink;
    const onChange = () => this.update();
    const isFallback = () => this.#isFallback;
    const isServed = () => this.#said === 'events' || this.#said === 'polling';
    const onProblem = (error: SluiceError) => {
      this.#problem = error;
      this.update();
    };
    const onPlanned = () => (this.#graceUntil = Date.now() + GRACE_MS);
    const services = { hub, pace: this.#pace, keys, requester, getTicket };
    this.#socket = new SocketWay(services, { onChange, isFallback, isServed, onProblem, onPlanned });
    this.#events = new EventWay(hub, requester, this.#pace, { onChange, onProblem });
    this.#poller = this.#createPoller(requester, onProblem);
  }

  get state(): LinkState {
    this.#say();
    return this.#said;
  }

  get since(): number {
    this.#say();
    return this.#since;
  }

  get lastHeard(): number | undefined {
    const times = [this.#socket.heardAt, this.#events.heardAt, this.#polledAt];
    const heard = times.filter((time) => time !== undefined);
    return heard.length > 0 ? Math.max(...heard) : undefined;
  }

  get problem(): SluiceError | undefined {
    return this.#problem;
  }

  /** Begins, or begins again with another key. */
  start(): void {
    this.stop();
    this.#running = true;
    this.#liveUntil = Date.now();
    this.#checks = setInterval(() => this.update(), CHECK_MS);
    this.#endSignals = onSignal(() => this.#probe());
    this.#socket.start();
  }

  stop(): void {
    this.#running = false;
    this.#problem = undefined;
    this.#polledAt = undefined;
    this.#graceUntil = 0;
    clearInterval(this.#checks);
    this.#endSignals();
    this.#socket.stop();
    this.#events.stop();
    this.#poller.stop();
    this.#say();
  }

  get isRunning(): boolean {
    return this.#running;
  }

  /** Calls back when the server can be reached again. @returns ends that */
  onUp(up: () => void): () => void {
    this.#ups.add(up);
    return () => this.#ups.delete(up);
  }

  /** Adapts to the present watches. The hub calls it after each change. */
  sync(): void {
    if (!this.#running) return;
    this.#socket.sync();
    this.update();
  }

  /** Checks the ways, and starts or ends the lower ones. */
  update(): void {
    if (!this.#running) return;
    const now = Date.now();
    this.#socket.check(now);
    if (this.#socket.isLive) {
      this.#liveUntil = now;
      this.#events.stop();
    } else if (this.#isFallback && !this.#problem) this.#events.check(now);
    if (!this.#problem) this.#poller.wake();
    this.#say();
  }

  get #isFallback(): boolean {
    return !this.#socket.isLive && Date.now() - this.#liveUntil >= FALLBACK_MS;
  }

  /** Asks whether the line is there, because something may have changed. */
  #probe(): void {
    this.#pace.reset();
    this.#socket.probe();
    this.#events.hurry();
    this.#poller.hurry();
    setTimeout(() => this.update(), PROBED_MS);
  }

  #createPoller(requester: Requester, onProblem: (error: SluiceError) => void): Poller {
    // Until the other ways start, the socket may still come.
    const isCovered = (covered: boolean) => covered || !(this.#socket.isLive || this.#isFallback);
    const coverage = {
      yields: () =>
        this.#isFallback && !this.#problem && (this.#socket.isDue || this.#events.isDue(Date.now())),
      isNone: () => this.#isFallback && !this.#events.isExpected && !this.#socket.isOpen,
      job: (id: string) => isCovered(this.#socket.covers(id) || this.#events.covers(id)),
      channel: (channel: Channel) =>
        isCovered(this.#socket.coversChannel(channel) || this.#events.coversChannel(channel)),
    };
    return new Poller(this.#hub, requester, this.#pace, coverage, {
      onSuccess: () => {
        this.#polledAt = Date.now();
        this.update();
      },
      onFailure: (error) => {
        this.#pollFailedAt = Date.now();
        if (error.status === 401) onProblem(error);
        else this.update();
      },
    });
  }

  #state(): LinkState {
    const now = Date.now();
    if (!this.#running || this.#problem) return 'offline';
    if (now < this.#graceUntil && this.#said === 'live') return 'live';
    const isFresh = (time: number | undefined) => time !== undefined && now - time < FRESH_MS;
    if (this.#socket.isLive) return isFresh(this.#socket.heardAt) ? 'live' : 'stale';
    if (this.#events.isOpen) return isFresh(this.#events.heardAt) ? 'events' : 'stale';
    const failedAt = Math.max(this.#socket.failedAt, this.#pollFailedAt);
    if (isFresh(this.#polledAt) && (this.#polledAt as number) > this.#pollFailedAt) return 'polling';
    if (this.#socket.isOpen || this.#events.isStale) return 'stale';
    const { lastHeard } = this;
    return isFresh(lastHeard) && (lastHeard as number) > failedAt ? 'stale' : 'offline';
  }

  #say(): void {
    const state = this.#state();
    if (state === this.#said) return;
    const wasDown = this.#said === 'offline';
    this.#said = state;
    this.#since = Date.now();
    if (wasDown && this.#running) {
      this.#socket.hurry();
      for (const up of this.#ups) up();
    }
    const { since, lastHeard, problem } = this;
    callBack(this.#onLink, { state, since, lastHeard, problem });
  }
}
