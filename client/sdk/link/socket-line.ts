import { CLOSE, FINAL_CLOSES, SUBPROTOCOL } from '../../../src/contract/messages.ts';
import type { Hub } from '../watch/hub.ts';
import type { Push, Subscriptions } from './subscriptions.ts';

/** Silence in ms after which the client sends a ping. */
const QUIET_MS = 5000;
/** Longest wait for the response to a ping, in ms. A line that was cut silently looks open for hours. */
const PONG_MS = 3000;
/** Longest wait for a connection and its first message, in ms. */
const CONNECT_MS = 10_000;
/** Time in ms before a key expires at which the client asks for another. */
const RENEW_MS = 60_000;

/** Close codes of a server that asks for a key, or for another key. */
const KEY_CLOSES: readonly number[] = [CLOSE.unauthorized, CLOSE.authTimeout];

type Message =
  | Push
  | { type: 'welcome'; epoch: string; features: string[] }
  | { type: 'live'; epoch: string; offset: number }
  | { type: 'stale' | 'pong' | 'conflated' | 'unsubscribed' }
  | { type: 'reconnect'; after_ms: number }
  | { type: 'authorized'; expires_at?: string };

/** How a WebSocket ended. */
export interface Ended {
  code: number;
  /** Whether the server had said welcome. */
  wasOpen: boolean;
  /** Pause that the server has named, in ms. */
  afterMs: number | undefined;
  isKey: boolean;
  isFinal: boolean;
}

export interface SocketListener {
  /** The socket's state has changed, or it was heard. */
  onChange(): void;
  onEnded(ended: Ended): void;
}

interface Services {
  hub: Hub;
  subscriptions: Subscriptions;
  /** Returns a key in place of one that expires. */
  renewKey(): Promise<string | undefined>;
}

/** One WebSocket to the gateway. It detects a line that only seems open. */
export class SocketLine {
  #state: 'connecting' | 'live' | 'stale' | 'ended' = 'connecting';
  /** Epoch of the socket's states. */
  #epoch = '';
  /** Time of the last message, in ms since 1970. */
  heardAt: number;
  readonly #services: Services;
  readonly #listener: SocketListener;
  readonly #socket: WebSocket;
  #pingedAt: number | undefined;
  #afterMs: number | undefined;
  #wasOpen = false;
  #expiry: ReturnType<typeof setTimeout> | undefined;

  /** @param key sent as the first message */
  constructor(url: URL, key: string | undefined, services: Services, listener: SocketListener) {
    this.#services = services;
    this.#listener = listener;
    this.heardAt = Date.now();
    const socket = new WebSocket(url, SUBPROTOCOL);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      if (key !== undefined) this.#send({ type: 'auth', token: key });
    });
    socket.addEventListener('message', ({ data }) => {
      if (this.state !== 'ended') this.#receive(data);
    });
    // A failed socket also closes.
    socket.addEventListener('close', ({ code }) => this.#end(code));
  }

  /** `live` while states flow, `stale` while the server hears of none, or only of those of a past epoch. */
  get state(): 'connecting' | 'live' | 'stale' | 'ended' {
    return this.#state === 'live' && !this.#services.hub.epochs.enter(this.#epoch) ? 'stale' : this.#state;
  }

  /** Gives the line up if it is silent. Compares times, because a browser slows the timers of a hidden page. */
  check(now = Date.now()): void {
    if (this.state === 'ended') return;
    if (this.state === 'connecting') {
      if (now - this.heardAt > CONNECT_MS) this.close();
    } else if (this.#pingedAt !== undefined) {
      if (now - this.#pingedAt > PONG_MS) this.close();
    } else if (now - this.heardAt > QUIET_MS) this.probe(now);
  }

  /** Asks whether the server is there. {@link check} gives the line up without a response. */
  probe(now = Date.now()): void {
    if (this.state === 'connecting' || this.#pingedAt !== undefined) return;
    this.#pingedAt = now;
    this.#send({ type: 'ping' });
  }

  /** Ends the line at once. Its own close event may come late, because the other side may not reply. */
  close(): void {
    this.#socket.close();
    this.#end(CLOSE.failed);
  }

  #send(message: object): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #receive(data: unknown): void {
    this.heardAt = Date.now();
    this.#pingedAt = undefined;
    const message = parse(data);
    if (message) this.#take(message);
    this.#listener.onChange();
  }

  #take(message: Message): void {
    const { hub, subscriptions } = this.#services;
    switch (message.type) {
      case 'welcome':
        this.#wasOpen = true;
        this.#state = 'live';
        // A gateway of a past epoch has not noticed the present one yet. It says `live` once it has.
        this.#epoch = message.epoch;
        hub.epochs.enter(message.epoch);
        subscriptions.attach((text) => this.#send(text), message.features);
        break;
      case 'live':
        this.#state = 'live';
        this.#epoch = message.epoch;
        hub.epochs.enter(message.epoch);
        break;
      case 'stale':
        this.#state = 'stale';
        break;
      case 'reconnect':
        this.#afterMs = message.after_ms;
        break;
      case 'authorized':
        this.#renewBefore(message.expires_at);
        break;
      case 'pong':
      case 'conflated':
      case 'unsubscribed':
        break;
      default:
        subscriptions.receive(message, this.#epoch);
    }
  }

  #renewBefore(expiresAt: string | undefined): void {
    clearTimeout(this.#expiry);
    if (expiresAt === undefined) return;
    // A timer holds 24 days at most.
    const ms = Math.min(Math.max(0, Date.parse(expiresAt) - Date.now() - RENEW_MS), 2 ** 31 - 1);
    this.#expiry = setTimeout(() => {
      void this.#services.renewKey().then((key) => {
        if (key !== undefined) this.#send({ type: 'auth', token: key });
      });
    }, ms);
  }

  #end(code: number): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    clearTimeout(this.#expiry);
    this.#services.subscriptions.detach();
    this.#listener.onEnded({
      code,
      wasOpen: this.#wasOpen,
      // A client that could not keep up reconnects at once, because its next subscriptions restore it.
      afterMs: code === CLOSE.tooFarBehind ? 0 : this.#afterMs,
      isKey: KEY_CLOSES.includes(code),
      isFinal: FINAL_CLOSES.includes(code),
    });
  }
}

function parse(data: unknown): Message | undefined {
  try {
    const message = JSON.parse(String(data)) as unknown;
    // A message of a later protocol has a type that the caller ignores.
    return typeof message === 'object' && message !== null ? (message as Message) : undefined;
  } catch {
    return undefined;
  }
}
