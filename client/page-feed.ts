import { isTerminal, type Job } from '../src/contract/job.ts';
import { MAX_MESSAGE_BYTES, type ClientMessage, type ServerMessage } from '../src/contract/messages.ts';
import { Cursor } from './cursor.ts';
import { JobSocket } from './job-socket.ts';
import { readJob } from './request.ts';

const POLL_MS = 2000;
/** Number of subscriptions at which the page merges them into one. */
const MOST_SUBSCRIPTIONS = 100;
/** Most ids that a server accepts in one message. */
const IDS_A_MESSAGE = 1000;

/** State of the socket: it brings states, is open but stale, or is closed. */
type Link = 'live' | 'stale' | 'connecting';

/** Way by which states reach the page: push, or polling while the socket brings none. */
export type FeedMode = Link | 'polling';

export interface FeedListener {
  onJob(job: Job): void;
  /** Called if the server knows no such job, or lost it. `onJob` follows if the job returns. */
  onUnknown(id: string): void;
  onMode(mode: FeedMode): void;
}

/** Last state of a job that the page knows. */
interface Known {
  epoch: string;
  version: number;
  settled: boolean;
}

/** Marks a job that the server has forgotten. Any later state is newer, and the page polls it no more. */
const LOST: Known = { epoch: '', version: -1, settled: true };

/** Watches jobs over one WebSocket. Polls every two seconds while that brings nothing. */
export class PageFeed {
  readonly #listener: FeedListener;
  readonly #socket: JobSocket;
  /** Watched jobs; without a state until the first one arrives. */
  readonly #watched = new Map<string, Known | undefined>();
  readonly #cursor = new Cursor();
  #lastSubscription = 0;
  /** Subscriptions of this connection. */
  #subscriptions: number[] = [];
  /** Epoch of the socket's states. A known state of another epoch is older. */
  #epoch = '';
  #link: Link = 'connecting';
  #mode: FeedMode = 'connecting';

  constructor(listener: FeedListener) {
    this.#listener = listener;
    const onMessage = (message: ServerMessage) => this.#receive(message);
    this.#socket = new JobSocket({ onMessage, onDown: () => this.#setLink('connecting') });
  }

  /** Connects, or reconnects. The socket lives as long as the page. @param gateway the WebSocket's address */
  connect(gateway: Promise<URL | undefined>): void {
    void gateway.then((url) => url && this.#socket.connect(url));
  }

  /** Polls for states that the socket does not bring, as long as the page is open. */
  startPolling(): void {
    setTimeout(() => this.#pollForEver(), POLL_MS);
  }

  /** Watches more jobs. */
  watch(ids: readonly string[]): void {
    for (const id of ids) this.#watched.set(id, undefined);
    if (this.#link === 'connecting') return;
    this.#subscribe(ids);
    if (this.#subscriptions.length > MOST_SUBSCRIPTIONS) this.#merge();
  }

  /** Stops watching a job. The server's subscription ends with the connection. */
  unwatch(id: string): void {
    this.#watched.delete(id);
    this.#cursor.delete(id);
  }

  #receive(message: ServerMessage): void {
    this.#cursor.receive(message);
    if (message.type === 'welcome') {
      this.#epoch = message.epoch;
      this.#setLink('live');
      this.#subscriptions = [];
      this.#subscribeAgain();
    } else if (message.type === 'live') {
      this.#epoch = message.epoch;
      this.#setLink('live');
    } else if (message.type === 'stale') {
      this.#setLink('stale');
    } else if (message.type === 'snapshot' || message.type === 'update') {
      this.#apply(message.jobs, this.#epoch);
    } else if (message.type === 'error' && message.code === 'job_not_found') {
      for (const id of message.jobs ?? []) if (this.#watched.has(id)) this.#lose(id);
    }
    // `gone` concerns other channels. The socket handles `pong` and `reconnect`.
  }

  /** Subscribes, in halves if one message would be too long. Without a connection the next `welcome` subscribes. */
  #subscribe(ids: readonly string[]): void {
    if (ids.length === 0) return;
    const since = this.#cursor.of(ids);
    const message = {
      type: 'subscribe' as const,
      id: this.#lastSubscription + 1,
      channel: 'jobs' as const,
      jobs: [...ids],
      ...(since && { since }),
    };
    if (ids.length > 1 && !fits(message)) {
      const half = Math.ceil(ids.length / 2);
      this.#subscribe(ids.slice(0, half));
      this.#subscribe(ids.slice(half));
    } else {
      this.#subscriptions.push(++this.#lastSubscription);
      this.#cursor.subscribed(this.#lastSubscription, ids);
      this.#socket.send(message);
    }
  }

  /** Merges the subscriptions, because each upload has its own and a server limits their number. */
  #merge(): void {
    const before = this.#subscriptions;
    this.#subscriptions = [];
    this.#subscribeAgain();
    for (const id of before) this.#socket.send({ type: 'unsubscribe', id });
  }

  /** Subscribes to everything. Jobs that the page has go on from where it stood. */
  #subscribeAgain(): void {
    for (const ids of this.#cursor.split([...this.#watched.keys()])) this.#subscribe(ids);
  }

  /** Tells the listener of newer states. Versions of different epochs do not compare, so the later state wins. */
  #apply(jobs: readonly Job[], epoch: string): void {
    // This poll began before the socket returned, so its state is not the later one.
    if (this.#link === 'live' && epoch !== this.#epoch) return;
    for (const job of jobs) {
      if (!this.#watched.has(job.id)) continue;
      const known = this.#watched.get(job.id);
      if (known?.epoch === epoch && known.version >= job.version) continue;
      this.#watched.set(job.id, { epoch, version: job.version, settled: isTerminal(job.status) });
      this.#listener.onJob(job);
    }
  }

  #pollForEver(): void {
    const round = this.#link === 'live' ? Promise.resolve() : this.#poll();
    void round.finally(() => setTimeout(() => this.#pollForEver(), POLL_MS));
  }

  async #poll(): Promise<void> {
    const open = [...this.#watched].filter(([, known]) => !known?.settled);
    const responded = await Promise.all(open.map(([id]) => this.#read(id)));
    // The socket may have returned during the poll. Without open jobs, no response proves that the server is there.
    if (this.#link !== 'live') this.#setMode(responded.some(Boolean) ? 'polling' : this.#link);
  }

  /** Polls one job. @returns whether the server responded */
  async #read(id: string): Promise<boolean> {
    const before = this.#watched.get(id);
    try {
      const response = await readJob(id, before);
      // A state that was pushed meanwhile is newer than this response.
      if (response === 'unknown' && this.#watched.has(id) && this.#watched.get(id) === before) this.#lose(id);
      else if (typeof response === 'object') this.#apply([response.job], response.epoch);
      return true;
    } catch {
      // The server failed or is unreachable. The next round polls again, and the page says so meanwhile.
      return false;
    }
  }

  /** Reports a job as unknown. It stays watched, because the server may restore it. */
  #lose(id: string): void {
    this.#watched.set(id, LOST);
    this.#listener.onUnknown(id);
  }

  #setLink(link: Link): void {
    this.#link = link;
    this.#setMode(link);
  }

  #setMode(mode: FeedMode): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#listener.onMode(mode);
  }
}

function fits(message: ClientMessage & { jobs: string[] }): boolean {
  const bytes = new TextEncoder().encode(JSON.stringify(message)).length;
  return message.jobs.length <= IDS_A_MESSAGE && bytes <= MAX_MESSAGE_BYTES;
}
