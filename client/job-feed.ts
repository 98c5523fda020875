import { isTerminal, type Job } from '../src/contract/job.ts';
import type { ServerMessage } from '../src/contract/messages.ts';
import { JobSocket } from './job-socket.ts';
import { readJob } from './request.ts';

const POLL_MS = 2000;
/** So many ids stay well below the longest message that a server takes. */
const IDS_A_MESSAGE = 500;

/** How states reach the page: pushed, asked for, or just now not at all. */
export type FeedMode = 'connecting' | 'live' | 'polling';

export interface FeedListener {
  onJob(job: Job): void;
  /** The server knows no such job. Should it learn of it again, `onJob` follows. */
  onUnknown(id: string): void;
  onMode(mode: FeedMode): void;
}

/** The state of a job that was passed on last; nothing before the first. */
interface Known {
  history: string;
  version: number;
  settled: boolean;
}

/** Watches jobs: over one WebSocket, and while there is none by asking every two seconds. */
export class JobFeed {
  readonly #listener: FeedListener;
  readonly #socket: JobSocket;
  readonly #watched = new Map<string, Known | undefined>();
  /** What each subscription of this connection has not been told yet. */
  readonly #untold = new Map<number, Set<string>>();
  #lastSubscription = 0;
  #history = '';
  #mode: FeedMode = 'connecting';

  constructor(listener: FeedListener) {
    this.#listener = listener;
    const onMessage = (message: ServerMessage) => this.#receive(message);
    this.#socket = new JobSocket({ onMessage, onDown: () => this.#setMode('connecting') });
  }

  /** Connects, and keeps on watching for as long as the page is open. @param gateway the WebSocket's address */
  start(gateway: Promise<URL>): void {
    void gateway.then((url) => this.#socket.connect(url));
    setTimeout(() => this.#pollForEver(), POLL_MS);
  }

  /** Watches more jobs. */
  watch(ids: readonly string[]): void {
    for (const id of ids) this.#watched.set(id, undefined);
    if (this.#mode === 'live') this.#subscribe(ids);
  }

  /** Passes no more on of a job; the server's subscription ends with the connection. */
  unwatch(id: string): void {
    this.#watched.delete(id);
  }

  #receive(message: ServerMessage): void {
    if (message.type === 'welcome') {
      this.#history = message.history;
      this.#untold.clear();
      this.#setMode('live');
      this.#subscribe([...this.#watched.keys()]);
    } else if (message.type === 'snapshot') {
      for (const job of message.jobs) this.#untold.get(message.id)?.delete(job.id);
      this.#apply(message.jobs, this.#history);
    } else if (message.type === 'update') {
      this.#apply(message.jobs, this.#history);
    } else if (message.type === 'error' && message.code === 'job_not_found') {
      // It names the subscription, not the jobs; whoever was not in its snapshot is asked for once more.
      for (const id of this.#untold.get(message.id ?? -1) ?? []) void this.#read(id);
    }
    // `gone` is said of channels only, and `pong` was for the socket.
  }

  #subscribe(ids: readonly string[]): void {
    for (let from = 0; from < ids.length; from += IDS_A_MESSAGE) {
      const jobs = ids.slice(from, from + IDS_A_MESSAGE);
      const id = ++this.#lastSubscription;
      this.#untold.set(id, new Set(jobs));
      this.#socket.send({ type: 'subscribe', id, jobs });
    }
  }

  /** Passes on what is news. Versions of different histories do not compare: the later word wins. */
  #apply(jobs: readonly Job[], history: string): void {
    for (const job of jobs) {
      if (!this.#watched.has(job.id)) continue;
      const known = this.#watched.get(job.id);
      if (known && known.history === history && known.version >= job.version) continue;
      this.#watched.set(job.id, { history, version: job.version, settled: isTerminal(job.status) });
      this.#listener.onJob(job);
    }
  }

  #pollForEver(): void {
    const round = this.#mode === 'live' ? Promise.resolve() : this.#poll();
    void round.finally(() => setTimeout(() => this.#pollForEver(), POLL_MS));
  }

  async #poll(): Promise<void> {
    const open = [...this.#watched].filter(([, known]) => !known?.settled);
    const answered = await Promise.all(open.map(([id]) => this.#read(id)));
    // The socket may have come back meanwhile; with nothing to ask for, nobody has answered either.
    if (this.#mode !== 'live') this.#setMode(answered.some(Boolean) ? 'polling' : 'connecting');
  }

  /** @returns whether the server has answered */
  async #read(id: string): Promise<boolean> {
    const before = this.#watched.get(id);
    try {
      const found = await readJob(id);
      if (found) this.#apply([found.job], found.history);
      // A state that was pushed meanwhile is a later word than this "no".
      else if (this.#watched.has(id) && this.#watched.get(id) === before) this.#lost(id);
      return true;
    } catch {
      // Unreachable, or out of order: the next round asks again, and the page says so meanwhile.
      return false;
    }
  }

  /** It stays watched, but is not asked for any more: a server that finds it again will say so. */
  #lost(id: string): void {
    this.#watched.set(id, { history: '', version: -1, settled: true });
    this.#listener.onUnknown(id);
  }

  #setMode(mode: FeedMode): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#listener.onMode(mode);
  }
}
