import type { ServerMessage } from '../src/contract/messages.ts';

/** Position in the server's events up to which the page has everything. */
export interface Position {
  epoch: string;
  offset: number;
}

/**
 * Tracks where the page goes on after a loss. The position stays while a subscription waits for its snapshot, because the
 * page lacks that one's earlier states.
 */
export class Cursor {
  #epoch = '';
  #position: Position | undefined;
  /** Jobs of the subscriptions that wait for their snapshots. */
  readonly #waiting = new Map<number, readonly string[]>();
  /** Jobs whose snapshot has come. */
  readonly #joined = new Set<string>();

  /** Notes a subscription. */
  subscribed(subscription: number, ids: readonly string[]): void {
    this.#waiting.set(subscription, ids);
  }

  /** Forgets a job that the page no longer watches. */
  delete(id: string): void {
    this.#joined.delete(id);
  }

  /** Returns the position of jobs; absent unless the page has everything about all of them. */
  of(ids: readonly string[]): Position | undefined {
    return ids.every((id) => this.#joined.has(id)) ? this.#position : undefined;
  }

  /** Splits jobs into those with a position and those without. */
  split(ids: readonly string[]): [joined: string[], others: string[]] {
    return [ids.filter((id) => this.#joined.has(id)), ids.filter((id) => !this.#joined.has(id))];
  }

  receive(message: ServerMessage): void {
    if (message.type === 'welcome') {
      this.#waiting.clear();
      this.#enter(message.epoch);
      if (!this.#position) this.#joined.clear();
    } else if (message.type === 'live') {
      // In a new epoch the server sends every watched job again.
      this.#enter(message.epoch);
      this.#move(message.offset);
    } else if (message.type === 'update' || message.type === 'gone') {
      this.#move(message.offset);
    } else if (message.type === 'snapshot' && !message.more) {
      for (const id of this.#waiting.get(message.id) ?? []) this.#joined.add(id);
      this.#waiting.delete(message.id);
      this.#move(message.offset);
    }
  }

  #enter(epoch: string): void {
    if (epoch !== this.#epoch) this.#position = undefined;
    this.#epoch = epoch;
  }

  #move(offset: number): void {
    if (this.#waiting.size === 0) this.#position = { epoch: this.#epoch, offset };
  }
}
