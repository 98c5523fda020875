import { setImmediate as nextTurn } from 'node:timers/promises';

import type { ProtocolSocket } from '../protocol-socket.ts';

/** Most messages that wait for their responses. At this number the session stops reading. */
const MOST_WAITING = 16;

/** Callbacks of an {@link Inbox}. */
export interface InboxOwner<Message> {
  /** Handles one message, until the client has read the responses. */
  handle(message: Message): Promise<void>;
  /** Called when the socket is read again. */
  resumed(): void;
  /** Called with the first error of `handle`. The inbox handles nothing after it. */
  failed(error: unknown): void;
}

/** Handles a client's messages one at a time. It pauses the socket while too many wait. */
export class Inbox<Message> {
  readonly #socket: Pick<ProtocolSocket, 'isPaused' | 'pause' | 'resume'>;
  readonly #owner: InboxOwner<Message>;
  /** Messages behind the one in progress; absent while none is in progress. */
  #waiting: Message[] | undefined;

  constructor(socket: Pick<ProtocolSocket, 'isPaused' | 'pause' | 'resume'>, owner: InboxOwner<Message>) {
    this.#socket = socket;
    this.#owner = owner;
  }

  /** Adds a message. */
  add(message: Message): void {
    if (this.#waiting) {
      if (this.#waiting.push(message) >= MOST_WAITING) this.#socket.pause();
      return;
    }
    this.#handleAll((this.#waiting = [message])).catch((error: unknown) => this.#owner.failed(error));
  }

  /** Drops the waiting messages. */
  clear(): void {
    if (this.#waiting) this.#waiting.length = 0;
  }

  async #handleAll(waiting: Message[]): Promise<void> {
    for (let message = waiting.shift(); message !== undefined; message = waiting.shift()) {
      await this.#owner.handle(message);
      // Lets other sessions run, because one client may send messages without end.
      await nextTurn();
      if (waiting.length < MOST_WAITING && this.#socket.isPaused) {
        this.#owner.resumed();
        this.#socket.resume();
      }
    }
    this.#waiting = undefined;
  }
}
