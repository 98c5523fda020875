import type { Duplex } from 'node:stream';

import type { ServerMessage } from '../../contract/messages.ts';
import type { JobState } from '../../jobs/model/job-view.ts';
import { MessageQueue, type QueuedMessage } from './message-queue.ts';
import { Departures } from './departures.ts';
import type { Flusher } from '../speed/flusher.ts';
import { BYTES_A_FRAME, JOBS_A_FRAME, messageFrame, updateFrame } from '../speed/frames.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import { Updates } from './updates.ts';

/** Backlog limits for a client that has been blocked longer than {@link BACKED_UP_MS}. */
const MOST_JOBS = 1000;
const MOST_BYTES = 256 * 1024;
const BACKED_UP_MS = 1000;
/** Longest time in ms that a client may read nothing. */
const LONGEST_SILENCE_MS = 30_000;

const NONE: readonly JobState[] = [];

/** Receives the sent states of an outbox. */
export interface SentListener {
  /** Called when the socket has taken a frame with terminal states. */
  onEnded(states: readonly JobState[]): void;
  /** Called when the client was told that jobs left a channel. */
  onGone(jobIds: ReadonlySet<string>): void;
}

/**
 * Holds a session's unsent messages and states. It keeps only the latest state of each job. A socket gets one frame at a
 * time, and newer states replace older ones until it has taken that. Messages go in their order, before updates. `gone`
 * goes after the last states.
 */
export class Outbox {
  readonly #stream: Duplex;
  readonly #flusher: Flusher;
  readonly #metrics: GatewayMetrics;
  readonly #listener: SentListener;
  /** Absent while no message waits. */
  #messages: MessageQueue | undefined;
  /** States of one epoch. */
  readonly #updates = new Updates();
  /** Absent until a job leaves a channel, because most sessions never need it. */
  #departures: Departures | undefined;
  /** Turn in which an update last went at once. */
  #sentIn = 0;
  /** Time since which the socket takes its last frame; 0 once it has. */
  #writingSince = 0;
  #closed = false;
  /** Callers that wait for the socket to take everything. */
  #waiters: (() => void)[] | undefined;

  /** @param stream the socket under the WebSocket, which gets only whole frames */
  constructor(stream: Duplex, flusher: Flusher, metrics: GatewayMetrics, listener: SentListener) {
    this.#stream = stream;
    this.#flusher = flusher;
    this.#metrics = metrics;
    this.#listener = listener;
  }

  /** Sends a message after the earlier ones. */
  send(message: ServerMessage): void {
    this.#enqueue(message);
  }

  /** Sends a subscription's first states in pages. A state that changes before its page goes is replaced. */
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
    // Serializes the state, because it may wait long, and its hash takes more memory than its JSON.
    else void state.json;
  }

  /** Notes a version that the client has, so it is not sent again. */
  has(jobId: string, version: number): void {
    this.#updates.sent(jobId, version);
  }

  /** Tells the client that a job left a channel, after its last state. */
  gone(subscription: number, jobId: string): void {
    this.#departures ??= new Departures();
    this.#departures.add(subscription, jobId);
    this.#schedule();
  }

  /** Drops an unsent `gone`, because the job has entered the channel again. */
  notGone(subscription: number, jobId: string): void {
    this.#departures?.delete(subscription, jobId);
  }

  /** Forgets every version and state of the epoch that ended. Waiting ends are still sent. */
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

  /** True if the client is so far behind that a new start serves it better. */
  isTooFarBehind(now: number): boolean {
    const silent = this.#writingSince === 0 ? 0 : now - this.#writingSince;
    if (silent < BACKED_UP_MS) return false;
    const { size = 0, bytes = 0 } = this.#departures ?? {};
    const most = Math.max(this.#updates.size, size);
    return silent > LONGEST_SILENCE_MS || most > MOST_JOBS || this.#updates.bytes + bytes > MOST_BYTES;
  }

  /** Stops sending. */
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

  /** Schedules a write. Updates wait for the common flush. Messages go at once. */
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
    // Keeps only ended states, because a client that does not read would hold the others beside the frame.
    const ended = states.some(({ terminal }) => terminal) ? states.filter(({ terminal }) => terminal) : NONE;
    if (this.#stream.writableLength === 0) return this.#taken(ended);
    this.#writingSince = performance.now();
    // Runs after the frame. A callback on each frame would cost each of them a tick.
    this.#stream.write('', (error) => {
      this.#writingSince = 0;
      // A failed socket closes by itself, and its client reads the lost states again.
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
