import type { Duplex } from 'node:stream';

import type { ServerMessage } from '../contract/messages.ts';
import type { JobState } from '../jobs/to-job.ts';
import type { Flusher } from './flusher.ts';
import { messageFrame, snapshotFrame, updateFrame } from './frames.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import { Updates } from './updates.ts';

const JOBS_A_FRAME = 100;
/** Of what may wait for a client that has not read for {@link BACKED_UP_MS}. */
const MOST_JOBS = 1000;
const MOST_BYTES = 256 * 1024;
const BACKED_UP_MS = 1000;
/** A client that reads nothing for so long is gone, or as good as. */
const LONGEST_SILENCE_MS = 30_000;

/** The first states of a subscription that are still to be sent. */
interface Snapshot {
  readonly subscription: number;
  readonly states: Map<string, JobState>;
}

/**
 * What a session still has to send. Of each job that is the latest state and never a queue of them: a socket is
 * given one frame at a time, and while it has not taken that, newer states only replace older ones. Answers go
 * in their order, before updates; `gone` goes after the states of those that have.
 */
export class Outbox {
  readonly #stream: Duplex;
  readonly #flusher: Flusher;
  readonly #metrics: GatewayMetrics;
  readonly #onSent: (states: readonly JobState[]) => void;
  #answers: (ServerMessage | Snapshot)[] = [];
  /** All of one history. */
  readonly #updates = new Updates();
  /** What has left each subscription; there only when something has, for most sessions never need it. */
  #gone: Map<number, Set<string>> | undefined;
  /** Since when the socket has been taking its last frame; 0 when it has. */
  #writingSince = 0;
  #closed = false;
  /** Those who wait for the socket to take what there is. */
  #waiters: (() => void)[] = [];

  /**
   * @param stream the socket under the WebSocket: written to only in whole frames
   * @param onSent hears of the states that a frame carried, once the socket has taken it
   */
  constructor(
    stream: Duplex,
    flusher: Flusher,
    metrics: GatewayMetrics,
    onSent: (states: readonly JobState[]) => void,
  ) {
    this.#stream = stream;
    this.#flusher = flusher;
    this.#metrics = metrics;
    this.#onSent = onSent;
  }

  /** Sends a message, after what was asked to be sent before it. */
  answer(message: ServerMessage): void {
    this.#answers.push(message);
    this.#schedule();
  }

  /** Sends a subscription's first states, in pages; one that changes before its page has gone goes as it is then. */
  snapshot(subscription: number, states: readonly JobState[]): void {
    this.#answers.push({ subscription, states: new Map(states.map((state) => [state.id, state])) });
    for (const { id } of states) this.#updates.cancel(id);
    this.#schedule();
  }

  /** Sends a state soon, unless the client has it or a newer one. */
  update(state: JobState): void {
    const page = this.#answers.length > 0 ? this.#snapshotOf(state.id) : undefined;
    if (page ? replace(page, state) : this.#updates.add(state)) this.#metrics.conflated++;
    this.#schedule();
  }

  /** Notes what the client says that it has: it is not sent again. */
  has(jobId: string, version: number): void {
    this.#updates.sent(jobId, version);
  }

  /** Says that a job has left a channel, after its last state. */
  gone(subscription: number, jobId: string): void {
    this.#gone ??= new Map();
    const jobs = this.#gone.get(subscription) ?? new Set();
    this.#gone.set(subscription, jobs.add(jobId));
    this.#schedule();
  }

  /** Takes a `gone` back that was not sent yet: the job has entered the channel again. */
  notGone(subscription: number, jobId: string): void {
    this.#gone?.get(subscription)?.delete(jobId);
  }

  /** Forgets every version and state, sent or not: they belong to a history that is over. */
  forgetHistory(): void {
    this.#updates.clear();
    for (const answer of this.#answers) if ('states' in answer) answer.states.clear();
  }

  /** Forgets a job that no subscription covers any more. */
  forget(jobId: string): void {
    this.#updates.forget(jobId);
  }

  /** Forgets every job for which `covered` says no. */
  forgetUnless(covered: (jobId: string) => boolean): void {
    this.#updates.forgetUnless(covered);
  }

  /** Forgets a subscription that has ended. */
  forgetSubscription(subscription: number): void {
    this.#gone?.delete(subscription);
    this.#answers = this.#answers.filter(
      (answer) => !('states' in answer) || answer.subscription !== subscription,
    );
  }

  /** True when nothing waits and the socket has taken everything. */
  get idle(): boolean {
    const waiting = this.#answers.length + this.#updates.size + (this.#gone?.size ?? 0);
    return this.#writingSince === 0 && waiting === 0;
  }

  /** Resolves when every answer has been given to the socket. */
  async answered(): Promise<void> {
    while (this.#answers.length > 0 && !this.#closed) await this.#progress();
  }

  /** Resolves when the socket has taken everything. */
  async settled(): Promise<void> {
    while (!this.idle && !this.#closed) await this.#progress();
  }

  /** True when the client is so far behind that it is better off beginning anew. */
  isTooFarBehind(now: number): boolean {
    const silent = this.#writingSince === 0 ? 0 : now - this.#writingSince;
    if (silent < BACKED_UP_MS) return false;
    return silent > LONGEST_SILENCE_MS || this.#updates.size > MOST_JOBS || this.#updates.bytes > MOST_BYTES;
  }

  /** Sends nothing more. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Sends one frame, if the socket has taken the last. */
  flush(now: number): void {
    if (this.#closed || this.#writingSince !== 0) return;
    const answer = this.#answers[0];
    if (answer) return this.#flushAnswer(answer, now);
    const states = this.#updates.take(JOBS_A_FRAME);
    if (states.length > 0) {
      this.#metrics.updates += states.length;
      return this.#write(updateFrame(states), now, states);
    }
    for (const [id, jobs] of this.#gone ?? []) {
      this.#gone?.delete(id);
      if (jobs.size > 0) return this.#write(messageFrame({ type: 'gone', id, jobs: [...jobs] }), now);
    }
    this.#wake();
  }

  #flushAnswer(answer: ServerMessage | Snapshot, now: number): void {
    if (!('states' in answer)) {
      this.#answers.shift();
      return this.#write(messageFrame(answer), now);
    }
    const states = [...answer.states.values()].slice(0, JOBS_A_FRAME);
    for (const { id, version } of states) {
      answer.states.delete(id);
      this.#updates.sent(id, version);
    }
    const more = answer.states.size > 0;
    if (!more) this.#answers.shift();
    this.#write(snapshotFrame(answer.subscription, states, more), now, states);
  }

  #snapshotOf(jobId: string): Map<string, JobState> | undefined {
    for (const answer of this.#answers)
      if ('states' in answer && answer.states.has(jobId)) return answer.states;
    return undefined;
  }

  /** Updates go when all do; answers are waited for. */
  #schedule(): void {
    if (this.#writingSince !== 0 || this.#closed) return;
    if (this.#answers.length === 0) this.#flusher.add(this);
    else setImmediate(() => this.flush(performance.now()));
  }

  #write(frame: Buffer, now: number, states: readonly JobState[] = []): void {
    // The first has waited longest.
    if (states[0]) this.#metrics.observe(states[0]);
    this.#stream.write(frame);
    if (this.#stream.writableLength === 0) return this.#taken(states);
    this.#writingSince = now;
    // Comes after the frame. A callback with every frame would cost each of them a tick.
    this.#stream.write('', (error) => {
      this.#writingSince = 0;
      // A socket that failed closes by itself; what it did not take, its client reads again.
      if (!error) this.#taken(states);
    });
  }

  #taken(states: readonly JobState[]): void {
    if (states.length > 0) this.#onSent(states);
    if (!this.idle) this.#schedule();
    this.#wake();
  }

  async #progress(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    if (this.#waiters.length > 0) for (const wake of this.#waiters.splice(0)) wake();
  }
}

/** Puts a state in the place of an older one. @returns true when it has */
function replace(states: Map<string, JobState>, state: JobState): boolean {
  const before = states.get(state.id);
  const newer = before !== undefined && before.version < state.version;
  if (newer) states.set(state.id, state);
  return newer;
}
