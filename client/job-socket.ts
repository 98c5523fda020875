import * as v from 'valibot';

import { currentKey, refuseKey } from './key.ts';

import {
  CLOSE,
  FINAL_CLOSES,
  ServerMessageSchema,
  SUBPROTOCOL,
  type ClientMessage,
  type ServerMessage,
} from '../src/contract/messages.ts';

/** Close codes of a server that asks for a key, or for another key. */
const KEY_CLOSES: readonly number[] = [CLOSE.unauthorized, CLOSE.authTimeout];

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
/** Least life of a good connection, in ms. The next failure counts as the first. */
const STEADY_MS = 10_000;
/** Pause in ms after a refusal for too many connections, because early retries make that worse. */
const TOO_MANY_DELAY_MS = 120_000;
/** Longest announced pause that the page does not report, in ms. */
const GRACE_MS = 2000;

const MessageText = v.pipe(v.string(), v.parseJson(), ServerMessageSchema);

export interface SocketListener {
  onMessage(message: ServerMessage): void;
  /** Called without a connection. The socket tries again, and a `welcome` follows if it succeeds. */
  onDown(): void;
}

/**
 * Holds the page's one WebSocket. It reconnects for ever, at the time that the server names, or with growing random
 * pauses. It detects a connection that only seems open.
 */
export class JobSocket {
  readonly #listener: SocketListener;
  #url: URL | undefined;
  #socket: WebSocket | undefined;
  #openedAt = 0;
  #failures = 0;
  #retry: number | undefined;
  #heartbeat: number | undefined;
  #grace: number | undefined;
  /** Time to return, if the server has named one. */
  #returnAfterMs: number | undefined;
  #heard = false;

  constructor(listener: SocketListener) {
    this.#listener = listener;
    window.addEventListener('online', () => {
      if (!this.#socket) this.#open();
    });
  }

  /** Connects. @param url the gateway's address, also for later tries */
  connect(url: URL): void {
    this.#url = url;
    if (!this.#socket) this.#open();
  }

  /** Sends a message if there is a connection. A new connection begins with a `welcome`. */
  send(message: ClientMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #open(): void {
    clearTimeout(this.#retry);
    if (!this.#url) return;
    const socket = new WebSocket(this.#url, SUBPROTOCOL);
    this.#socket = socket;
    const key = currentKey();
    socket.addEventListener('open', () => {
      if (key !== undefined)
        socket.send(JSON.stringify({ type: 'auth', token: key } satisfies ClientMessage));
    });
    socket.addEventListener('message', ({ data }) => {
      if (socket === this.#socket) this.#receive(data);
    });
    // A failed socket also closes.
    socket.addEventListener('close', ({ code }) => {
      if (KEY_CLOSES.includes(code)) refuseKey(key);
      if (socket === this.#socket) this.#lose(code);
    });
  }

  #receive(data: unknown): void {
    this.#heard = true;
    const message = v.safeParse(MessageText, data);
    // A newer server may send messages that this page does not know.
    if (!message.success) return;
    if (message.output.type === 'welcome') {
      this.#openedAt = performance.now();
      clearTimeout(this.#grace);
      this.#grace = undefined;
      this.#beat(message.output.heartbeat_ms);
    } else if (message.output.type === 'reconnect') {
      this.#returnAfterMs = message.output.after_ms;
    }
    this.#listener.onMessage(message.output);
  }

  #lose(code: number): void {
    if (this.#openedAt > 0 && performance.now() - this.#openedAt > STEADY_MS) this.#failures = 0;
    this.#openedAt = 0;
    this.#socket = undefined;
    clearInterval(this.#heartbeat);
    // A page that could not keep up reconnects at once, because its next subscription restores it.
    const announced = code === CLOSE.tooFarBehind ? 0 : this.#returnAfterMs;
    this.#returnAfterMs = undefined;
    // The first loss decides, because further tries may fail within the announced pause.
    this.#grace ??= setTimeout(() => this.#listener.onDown(), announced === undefined ? 0 : GRACE_MS);
    if (FINAL_CLOSES.includes(code)) return;
    this.#retry = setTimeout(() => this.#open(), announced ?? this.#backOff(code));
  }

  #backOff(code: number): number {
    const failures = this.#failures++;
    const longest =
      code === CLOSE.tooMany ? TOO_MANY_DELAY_MS : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
    return longest * (0.5 + Math.random() / 2);
  }

  /** Drops a connection that is silent for a whole heartbeat. A line that was cut silently looks open for hours. */
  #beat(everyMs: number): void {
    clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => {
      if (this.#heard) {
        this.#heard = false;
        this.send({ type: 'ping' });
      } else {
        // Its own close event may come late, because the other side does not reply.
        this.#socket?.close();
        this.#lose(CLOSE.failed);
      }
    }, everyMs);
  }
}
