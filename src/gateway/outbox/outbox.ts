import type { Duplex } from 'node:stream';

import type { JobState } from '../../jobs/model/job-view.ts';
import { MessageQueue, type QueuedMessage } from './message-queue.ts';
import { isTooFarBehind } from './backlog.ts';
import { Departures } from './departures.ts';
import { FrameWriter } from './frame-writer.ts';
import type { Flusher } from '../speed/flusher.ts';
import { BYTES_A_FRAME, JOBS_A_FRAME, messageFrame, updateFrame } from '../speed/frames.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import { Updates } from './updates.ts';

const NONE: readonly JobState[] = [];

/** Services that the outboxes of all sessions share. */
export interface OutboxServices {
  /** Has passed on everything up to its offset. */
  readonly feed: { readonly offset: number };
  readonly flusher: Flusher;
  readonly metrics: GatewayMetrics;
}

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
  readonly #writer: FrameWriter;
  readonly #services: OutboxServices;
  readonly #listener: SentListener;
  /** Absent while no message waits. */
  #messages: MessageQueue | undefined;
  /** States of one epoch. */
  readonly #updates = new Updates();
  /** Absent until a job leaves a channel, because most sessions never need it. */
  #departures: Departures | undefined;
  /** Turn in which an update last went at once. */
  #sentIn = 0;
  #closed = false;
  /** Callers that wait for the socket to take everything. */
  #waiters: (() => void)[] | undefined;
  /** Offset up to which the client has everything, as its last frame said. */
  #offset = 0;

  /** @param stream the socket under the WebSocket, which gets only whole frames */
  constructor(stream: Duplex, services: OutboxServices, listener: SentListener) {
    this.#writer = new FrameWriter(stream);
    this.#services = services;
    this.#listener = listener;
  }

  /** Sends a message after the earlier ones. Statistics replace those of their subscription that still wait. */
  send(message: QueuedMessage): void {
    this.#messages ??= new MessageQueue();
    this.#messages.add(message);
    this.#schedule();
  }

  /** Tells the client that states flow again, those of an epoch. */
  live(epoch: string): void {
    this.send({ liveEpoch: epoch });
  }

  /**
   * Sends a subscription's first states in pages. A state that changes before its page goes is replaced.
   * @param resumed whether the client has the states that are missing
   */
  snapshot(subscription: number, states: readonly JobState[], resumed: boolean): void {
    const first = new Map(states.map((state) => [state.id, state]));
    this.#ends(this.#updates.takeEnds(({ id, version }) => version < (first.get(id)?.version ?? 0)));
    for (const id of first.keys()) this.#updates.cancel(id);
    this.send({ subscription, states: first, resumed });
  }

  /** Sends a state soon, unless the client has it or a newer one. */
  update(state: JobState): void {
    if (this.idle && !this.#closed && this.#services.flusher.mayGo(this.#sentIn)) {
      if (!this.#updates.pass(state)) return;
      this.#sentIn = this.#services.flusher.turn;
      this.#offset = state.offset;
      return this.#writeUpdates([state]);
    }
    if (this.#messages?.replace(state) ?? this.#updates.add(state)) {
      this.#services.metrics.conflated++;
      this.#writer.skip();
    }
    if (!this.#writer.busy) this.#schedule();
    // Serializes the state, because it may wait long, and its hash takes more memory than its JSON.
    else void state.json;
  }

  /** Notes a version that the client has, so it is not sent again. */
  has(jobId: string, version: number): void {
    this.#updates.sent(jobId, version);
  }

  /**
   * Tells the client that a job left a channel, after its last state. The caller MUST note the leave before it sends that
   * state, because a client that comes back in between would otherwise never hear of the leave.
   * @param offset an offset before the leave; none if no resume would repeat it
   */
  gone(subscription: number, jobId: string, offset = Infinity): void {
    this.#departures ??= new Departures();
    this.#departures.add(subscription, jobId, offset);
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
    this.#offset = 0;
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
    this.#messages?.deleteAll(subscription);
    if (this.#messages?.size === 0) this.#messages = undefined;
  }

  /** True when nothing waits and the socket has taken everything. */
  get idle(): boolean {
    const nothingWaits = !this.#messages && this.#updates.size === 0 && (this.#departures?.empty ?? true);
    return nothingWaits && !this.#writer.busy;
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
    return isTooFarBehind(this.#writer.busyMs(now), this.#updates, this.#departures);
  }

  /** Stops sending. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Sends one frame, if the socket has taken the last. */
  flush(): void {
    if (this.#closed || this.#writer.busy) return;
    if (this.#messages) return this.#flushMessage(this.#messages);
    const states = this.#updates.take(JOBS_A_FRAME, BYTES_A_FRAME);
    if (states.length > 0) {
      this.#advance();
      return this.#writeUpdates(states);
    }
    const left = this.#departures?.take(JOBS_A_FRAME, BYTES_A_FRAME);
    if (!left) return this.#wake();
    this.#advance();
    const { subscription: id, jobs } = left;
    this.#write(messageFrame({ type: 'gone', id, offset: this.#offset, jobs: [...jobs] }));
    this.#listener.onGone(jobs);
  }

  #ends(ends: JobState[]): void {
    if (ends.length > 0) this.send({ ends });
  }

  #flushMessage(messages: MessageQueue): void {
    const { frame, first, ends } = messages.take();
    if (messages.size === 0) this.#messages = undefined;
    for (const { id, version } of first ?? NONE) this.#updates.sent(id, version);
    this.#services.metrics.updates += ends?.length ?? 0;
    this.#advance();
    this.#write(frame(this.#offset), first ?? ends);
  }

  /** Moves to the offset of the next frame. The client then has everything but what still waits. */
  #advance(): void {
    const most = this.#messages?.holdsStates ? this.#offset : this.#services.feed.offset;
    this.#offset = Math.max(0, Math.min(most, this.#updates.offset, this.#departures?.offset ?? Infinity));
  }

  /** Schedules a write. Updates wait for the common flush. Messages go at once. */
  #schedule(): void {
    if (this.#writer.busy || this.#closed) return;
    if (!this.#messages) this.#services.flusher.add(this);
    else setImmediate(() => this.flush());
  }

  #writeUpdates(states: readonly JobState[]): void {
    this.#services.metrics.updates += states.length;
    this.#write(updateFrame(states, this.#offset), states);
  }

  #write(frame: Buffer, states = NONE): void {
    // The first has waited longest.
    if (states[0]) this.#services.metrics.observe(states[0]);
    // Keeps only ended states, because a client that does not read would hold the others beside the frame.
    const ended = states.some(({ terminal }) => terminal) ? states.filter(({ terminal }) => terminal) : NONE;
    if (this.#writer.write(frame)) return this.#taken(ended);
    this.#writer.wait((skipped) => {
      if (skipped) this.send({ type: 'conflated' });
      this.#taken(ended);
    });
  }

  #taken(ended: readonly JobState[]): void {
    if (ended.length > 0) this.#listener.onEnded(ended);
    if (!this.idle) this.#schedule();
    else this.#writer.caughtUp();
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
