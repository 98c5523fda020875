import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

import type { Exchange } from './side.ts';
import { findStamps } from './stamp.ts';

/** What is read goes into one buffer for all: it is looked at once, at once. */
const BUFFER = Buffer.allocUnsafe(256 * 1024);

/** Sent unasked: it also answers the pings, which are not looked for. */
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
/** A third of Sluice's heartbeat. With all of it, a busy machine made Sluice cut three of 1,000 clients, and a flood waited for them for ever. */
const PONG_MS = 5000;

export type Found = (job: number, state: number, at: number) => void;

/** A client's TCP connection, which costs little: of what comes in it finds the stamps and parses nothing else. */
export class Connection {
  readonly socket: Socket;
  readonly #found: Found;
  #rest: Buffer | undefined;
  #awaited: { text: string; resolve: () => void } | undefined;

  /** @param read sees all that comes in, before it is overwritten */
  constructor(port: number, found: Found, read: (bytes: Buffer) => void = () => {}) {
    this.#found = found;
    const callback = (count: number) => {
      const bytes = BUFFER.subarray(0, count);
      read(bytes);
      this.#receive(bytes);
      return true;
    };
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: BUFFER, callback } });
    this.socket.on('error', () => {});
  }

  /** Upgrades to a WebSocket and says what is to be said. */
  async open(path: string, greeting: readonly Exchange[]): Promise<void> {
    const key = randomBytes(16).toString('base64');
    const head = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
    this.socket.write(`${head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`);
    await this.#until('\r\n\r\n');
    for (const [send, response] of greeting) {
      this.socket.write(textFrame(send));
      await this.#until(response);
    }
    const timer = setInterval(() => this.socket.write(PONG), PONG_MS);
    this.socket.once('close', () => clearInterval(timer));
  }

  async #until(text: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#awaited = { text, resolve };
      this.socket.once('close', () => reject(new Error(`closed before ${text}`)));
    });
    this.socket.removeAllListeners('close');
  }

  #receive(bytes: Buffer): void {
    if (this.#awaited && bytes.includes(this.#awaited.text)) {
      this.#awaited.resolve();
      this.#awaited = undefined;
    }
    const all = this.#rest ? Buffer.concat([this.#rest, bytes]) : bytes;
    const rest = findStamps(all, this.#found);
    this.#rest = rest && Buffer.from(rest);
  }
}

/** A short text as a client's frame; masked with zeros, which leaves it as it is. */
function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const head = length < 126 ? [0x81, 0x80 | length] : [0x81, 0x80 | 126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), Buffer.from(text)]);
}
