import type { Duplex } from 'node:stream';

import type { ServerMessage } from '../../contract/messages.ts';
import type { JobState } from '../../jobs/model/job-view.ts';
import { MessageQueue, type QueuedMessage } from './message-queue.ts';
import { Departures } from './departures.ts';
import type { Flusher } from './flusher.ts';
import { BYTES_A_FRAME, JOBS_A_FRAME, messageFrame, updateFrame } from './frames.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import { Updates } from './updates.ts';

/** Of what may wait for a client that has not read for {@link BACKED_UP_MS}. */
const MOST_JOBS = 1000;
const MOST_BYTES = 256 * 1024;
const BACKED_UP_MS = 1000;
/** A client that reads nothing for so long is gone, or as good as. */
const LONGEST_SILENCE_MS = 30_000;

const NONE: readonly JobState[] = [];

/** Hears of what an outbox has sent. */
export interface SentListener {
  /** The socket has taken a frame with terminal states. */
  onEnded(states: readonly JobState[]): void;
  /** A channel that these jobs have left will say no more of them. */
  onGone(jobIds: ReadonlySet<string>): void;
}

/**
 * What a session still has to send. Of each job that is the latest state and never a queue of them: a socket is
 * given one frame at a time, and while it has not taken that, newer states only replace older ones. Messages go
 * in their order, before updates; `gone` goes after the states of those that have.
 */
export class Outbox {
  readonly #stream: Duplex;
  readonly #flusher: Flusher;
  readonly #metrics: GatewayMetrics;
  readonly #listener: SentListener;
  /** There only while some wait. */
  #messages: MessageQueue | undefined;
  /** All of one epoch. */
  readonly #updates = new Updates();
  /** There only once something has left a channel, for most sessions never need it. */
  #departures: Departures | undefined;
  /** The turn in which an update was sent at once. */
  #sentIn = 0;
  /** Since when the socket has been taking its last frame; 0 when it has. */
  #writingSince = 0;
  #closed = false;
  /** Those who wait for the socket to take what there is. */
  #waiters: (() => void)[] | undefined;

  /** @param stream the socket under the WebSocket: written to only in whole frames */
  constructor(stream: Duplex, flusher: Flusher, metrics: GatewayMetrics, listener: SentListener) {
    this.#stream = stream;
    this.#flusher = flusher;
    this.#metrics = metrics;
    this.#listener = listener;
  }

  /** Sends a message, after what was asked to be sent before it. */
  send(message: ServerMessage): void {
    this.#enqueue(message);
  }

  /** Sends a subscription's first states, in pages; one that changes before its page has gone goes as it is then. */
  snapshot(subscription: number, states: readonly JobState[]): void {
    const first = new Map(states.map((state) => [state.id, state]));
    this.#ends(this.#updates.takeEnds(({ id, version }) => version < (first.get(id)?.version ?? 0)));
    for (const id of first.keys()) this.#updates.cancel(id);
    this.#enqueue({ subscription, states: first });
  }

  /** Sends a state soon, unless the client has it or a newer one. */
  update(state: JobState): void {
    if (this.idle && !this.#closed && this.#flusher.mayGo(this.#sentIn)) {
      if (!this.#updates.pass(state)) return;
      this.#sentIn = this.#flusher.turn;
      return this.#writeUpdates([state]);
    }
    if (this.#messages?.replace(state) ?? this.#updates.add(state)) this.#metrics.conflated++;
    if (this.#writingSince === 0) this.#schedule();
    // It may wait for long, and its hash takes more than its JSON.
    else void state.json;
  }

  /** Notes what the client says that it has: it is not sent again. */
  has(jobId: string, version: number): void {
    this.#updates.sent(jobId, version);
  }

  /** Says that a job has left a channel, after its last state. */
  gone(subscription: number, jobId: string): void {
    this.#departures ??= new Departures();
    this.#departures.add(subscription, jobId);
    this.#schedule();
  }

  /** Takes a `gone` back that was not sent yet: the job has entered the channel again. */
  notGone(subscription: number, jobId: string): void {
    this.#departures?.delete(subscription, jobId);
  }

  /** Forgets every version and state: they belong to an epoch that is over. The ends that wait are still sent. */
  forgetEpoch(): void {
    const ends = this.#updates.takeEnds(() => true);
    this.#updates.clear();
    this.#ends([...(this.#messages?.clearSnapshots() ?? []), ...ends]);
  }

  /** Forgets a job that no subscription covers any more. */
  forget(jobId: string): void {
    this.#updates.forget(jobId);
  }

  /** Forgets a subscription that has ended. */
  forgetSubscription(subscription: number): void {
    const gone = this.#departures?.deleteAll(subscription);
    if (gone) this.#listener.onGone(gone);
    this.#messages?.deleteSnapshot(subscription);
    if (this.#messages?.size === 0) this.#messages = undefined;
  }

  /** True when nothing waits and the socket has taken everything. */
  get idle(): boolean {
    const nothingWaits = !this.#messages && this.#updates.size === 0 && (this.#departures?.empty ?? true);
    return nothingWaits && this.#writingSince === 0;
  }

  /** Resolves when the socket has been given every message. */
  async messagesSent(): Promise<void> {
    while (this.#messages && !this.#closed) await this.#progress();
  }

  /** Resolves when the socket has taken everything. */
  async settled(): Promise<void> {
    while (!this.idle && !this.#closed) await this.#progress();
  }

  /** True when the client is so far behind that it is better off beginning anew. */
  isTooFarBehind(now: number): boolean {
    const silent = this.#writingSince === 0 ? 0 : now - this.#writingSince;
    if (silent < BACKED_UP_MS) return false;
    const { size = 0, bytes = 0 } = this.#departures ?? {};
    const most = Math.max(this.#updates.size, size);
    return silent > LONGEST_SILENCE_MS || most > MOST_JOBS || this.#updates.bytes + bytes > MOST_BYTES;
  }

  /** Sends nothing more. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Sends one frame, if the socket has taken the last. */
  flush(): void {
    if (this.#closed || this.#writingSince !== 0) return;
    if (this.#messages) return this.#flushMessage(this.#messages);
    const states = this.#updates.take(JOBS_A_FRAME, BYTES_A_FRAME);
    if (states.length > 0) return this.#writeUpdates(states);
    const left = this.#departures?.take(JOBS_A_FRAME, BYTES_A_FRAME);
    if (!left) return this.#wake();
    this.#write(messageFrame({ type: 'gone', id: left.subscription, jobs: [...left.jobs] }));
    this.#listener.onGone(left.jobs);
  }

  #ends(ends: JobState[]): void {
    if (ends.length > 0) this.#enqueue({ ends });
  }

  #enqueue(message: QueuedMessage): void {
    this.#messages ??= new MessageQueue();
    this.#messages.add(message);
    this.#schedule();
  }

  #flushMessage(messages: MessageQueue): void {
    const { frame, first, ends } = messages.take();
    if (messages.size === 0) this.#messages = undefined;
    for (const { id, version } of first ?? NONE) this.#updates.sent(id, version);
    this.#metrics.updates += ends?.length ?? 0;
    this.#write(frame, first ?? ends);
  }

  /** Schedules a write. Updates wait for the common flush; messages are sent at once. */
  #schedule(): void {
    if (this.#writingSince !== 0 || this.#closed) return;
    if (!this.#messages) this.#flusher.add(this);
    else setImmediate(() => this.flush());
  }

  #writeUpdates(states: readonly JobState[]): void {
    this.#metrics.updates += states.length;
    this.#write(updateFrame(states), states);
  }

  #write(frame: Buffer, states = NONE): void {
    // The first has waited longest.
    if (states[0]) this.#metrics.observe(states[0]);
    this.#stream.write(frame);
    // The others are let go: whoever does not read would hold on to them beside the frame.
    const ended = states.some(({ terminal }) => terminal) ? states.filter(({ terminal }) => terminal) : NONE;
    if (this.#stream.writableLength === 0) return this.#taken(ended);
    this.#writingSince = performance.now();
    // Comes after the frame. A callback with every frame would cost each of them a tick.
    this.#stream.write('', (error) => {
      this.#writingSince = 0;
      // A socket that failed closes by itself; what it did not take, its client reads again.
      if (!error) this.#taken(ended);
    });
  }

  #taken(ended: readonly JobState[]): void {
    if (ended.length > 0) this.#listener.onEnded(ended);
    if (!this.idle) this.#schedule();
    this.#wake();
  }

  async #progress(): Promise<void> {
    await new Promise<void>((resolve) => (this.#waiters ??= []).push(resolve));
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = undefined;
    for (const wake of waiters ?? []) wake();
  }
}
