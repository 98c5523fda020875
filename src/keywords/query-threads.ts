import { Worker } from 'node:worker_threads';

import { KeywordError } from './errors.ts';
import type { ThreadQuery, ThreadReply } from './query-thread.ts';

/** Threads. While one runs a heavy query, the other serves the rest. */
const THREADS = 2;
/** Most queries that wait for a thread, because later ones would miss their deadline anyway. */
const MAX_WAITING = 100;
/** Longest time of a query with its wait, in ms. It is below the ten seconds that the caller waits. */
const DEADLINE_MS = 5000;

type Found = Extract<ThreadReply, { found: unknown }>['found'];

interface Call {
  query: ThreadQuery;
  resolve: (found: Found) => void;
  reject: (error: unknown) => void;
}

/** Runs queries in threads, so that writes and other calls go on meanwhile. A thread that dies ends the process. */
export class QueryThreads {
  readonly #waiting = new Set<Call>();
  /** Each thread with its call; `undefined` for an idle one. */
  readonly #threads = new Map<Worker, Call | undefined>();
  #isClosed = false;

  /** Runs a query in its turn. @throws {KeywordError} `busy` if too many wait, or it takes too long; SQLite's error */
  async run(query: ThreadQuery): Promise<Found> {
    if (this.#isClosed || this.#waiting.size >= MAX_WAITING) throw busy();
    const { promise, resolve, reject } = Promise.withResolvers<Found>();
    const call = { query, resolve, reject };
    // Nothing interrupts SQLite here, so a running query goes on, and its result is lost.
    const deadline = setTimeout(() => {
      this.#waiting.delete(call);
      reject(busy());
    }, DEADLINE_MS);
    this.#waiting.add(call);
    this.#next();
    return promise.finally(() => clearTimeout(deadline));
  }

  /** Ends the threads. Fails the queries under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const call of [...this.#waiting, ...this.#threads.values()]) call?.reject(busy());
    this.#waiting.clear();
    await Promise.all([...this.#threads.keys()].map((thread) => thread.terminate()));
  }

  #next(): void {
    const [call] = this.#waiting;
    if (!call) return;
    const [idle] = [...this.#threads].find(([, running]) => running === undefined) ?? [];
    if (!idle && this.#threads.size === THREADS) return;
    const thread = idle ?? this.#start();
    this.#waiting.delete(call);
    this.#threads.set(thread, call);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    thread.postMessage(call.query);
  }

  #start(): Worker {
    const thread = new Worker(new URL('./query-thread.ts', import.meta.url));
    thread.on('message', (reply: ThreadReply) => {
      const call = this.#threads.get(thread);
      this.#threads.set(thread, undefined);
      if ('found' in reply) call?.resolve(reply.found);
      else call?.reject(Object.assign(new Error(reply.failed.message), { errcode: reply.failed.errcode }));
      this.#next();
    });
    return thread;
  }
}

function busy(): KeywordError {
  return new KeywordError('busy', 'The keyword index has too many queries under way. Try again in a moment.');
}
