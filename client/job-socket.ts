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

/** Close codes of a server that asks for a key, or for another one. */
const KEY_CLOSES: readonly number[] = [CLOSE.unauthorized, CLOSE.authTimeout];

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
/** A connection that held for so long was a good one: the next failure counts as the first. */
const STEADY_MS = 10_000;
/** Where there are too many connections already, each page that soon tries again makes it worse. */
const TOO_MANY_DELAY_MS = 120_000;
/** A connection that is away for less, as the server has announced, has not been missed. */
const GRACE_MS = 2000;

const MessageText = v.pipe(v.string(), v.parseJson(), ServerMessageSchema);

export interface SocketListener {
  onMessage(message: ServerMessage): void;
  /** There is no connection now; another try follows by itself, and a `welcome` if it succeeds. */
  onDown(): void;
}

/**
 * The page's one WebSocket. It connects again for ever: when the server says, or else ever more slowly and
 * never in step with other pages. It notices a connection that is only seemingly open.
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
  /** When to come back, if the server has said so. */
  #returnAfterMs: number | undefined;
  #heard = false;

  constructor(listener: SocketListener) {
    this.#listener = listener;
    window.addEventListener('online', () => {
      if (!this.#socket) this.#open();
    });
  }

  /** Connects. @param url the gateway's address, for every later try too */
  connect(url: URL): void {
    this.#url = url;
    if (!this.#socket) this.#open();
  }

  /** Sends, if there is a connection; a new one begins with a `welcome`. */
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
    // A socket that fails is closed as well.
    socket.addEventListener('close', ({ code }) => {
      if (KEY_CLOSES.includes(code)) refuseKey(key);
      if (socket === this.#socket) this.#lose(code);
    });
  }

  #receive(data: unknown): void {
    this.#heard = true;
    const message = v.safeParse(MessageText, data);
    // A newer server may say more than this page understands.
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
    // Whoever could not keep up is brought back by its next subscription: there is nothing to wait for.
    const announced = code === CLOSE.tooFarBehind ? 0 : this.#returnAfterMs;
    this.#returnAfterMs = undefined;
    // The first loss decides: further tries may fail while the time that was announced lasts.
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

  /** A line that was cut silently looks open for hours: what stays mute for a whole beat is given up. */
  #beat(everyMs: number): void {
    clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => {
      if (this.#heard) {
        this.#heard = false;
        this.send({ type: 'ping' });
      } else {
        // Its own close event may take long to come: nobody on the other side answers.
        this.#socket?.close();
        this.#lose(CLOSE.failed);
      }
    }, everyMs);
  }
}
