import * as v from 'valibot';
import type { RawData, WebSocket } from 'ws';

import {
  ClientMessageSchema,
  CLOSE,
  MAX_SUBSCRIPTIONS,
  MAX_WATCHED_JOBS,
  PROTOCOL_VERSION,
  type ClientMessage,
} from '../contract/messages.ts';
import type { JobFeed } from '../jobs/job-feed.ts';
import type { JobState } from '../jobs/to-job.ts';
import type { Logger } from '../logger.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import type { Outbox } from './outbox.ts';
import {
  CHANNEL_WEIGHT,
  subscribeToActive,
  subscribeToJobs,
  type Had,
  type Subscription,
} from './subscription.ts';

/** The subscription that `?job=` opens. */
const QUERY_SUBSCRIPTION = 0;
/** So many messages may wait for their answers; then no more are read until they have been given. */
const MOST_WAITING = 16;

export interface SessionServices {
  feed: JobFeed;
  metrics: GatewayMetrics;
  logger: Logger;
  heartbeatMs: number;
}

/** One client's connection: its subscriptions, and its messages, each answered before the next is looked at. */
export class Session {
  readonly #socket: WebSocket;
  readonly #outbox: Outbox;
  readonly #services: SessionServices;
  readonly #onlyJob: string | undefined;
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #waiting: ClientMessage[] = [];
  #handling = false;
  /** The history that the client was told last. */
  #history: string;

  /** @param onlyJob from `?job=`: subscribed at once, and the session ends with it */
  constructor(socket: WebSocket, outbox: Outbox, services: SessionServices, onlyJob: string | undefined) {
    const { feed, heartbeatMs } = services;
    this.#socket = socket;
    this.#outbox = outbox;
    this.#services = services;
    this.#onlyJob = onlyJob;
    this.#history = feed.history;
    outbox.answer({
      type: 'welcome',
      protocol: PROTOCOL_VERSION,
      history: this.#history,
      heartbeat_ms: heartbeatMs,
    });
    if (!feed.live) this.stale();
    if (onlyJob !== undefined) void this.#guard(this.#watchOnly(onlyJob));
  }

  /** Says that states may be missed from now on. */
  stale(): void {
    this.#outbox.answer({ type: 'stale' });
  }

  /** Says that states flow again. */
  live(history: string): void {
    if (history !== this.#history) this.#outbox.forgetHistory();
    this.#history = history;
    this.#outbox.answer({ type: 'live', history });
  }

  /** Asks the client to leave and to come back in a while, then closes. */
  async drain(afterMs: number): Promise<void> {
    this.#outbox.answer({ type: 'reconnect', after_ms: afterMs });
    await this.#outbox.settled();
    this.#socket.close(CLOSE.drain, 'the server is shutting down');
  }

  /** Takes what the client has sent. */
  receive(data: RawData, isBinary: boolean): void {
    // With ws's default binaryType a message is one Buffer.
    const text = (data as Buffer).toString();
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), ClientMessageSchema), text);
    if (isBinary || !parsed.success) {
      this.#socket.close(CLOSE.badMessage, 'a message does not fit the protocol');
      return;
    }
    if (this.#waiting.push(parsed.output) >= MOST_WAITING) this.#socket.pause();
    if (!this.#handling) void this.#guard(this.#handleAll());
  }

  /** Hears that the client has been sent states. */
  sent(states: readonly JobState[]): void {
    for (const state of states) {
      if (!state.terminal) continue;
      if (state.id === this.#onlyJob) this.#socket.close(CLOSE.done, 'the job has ended');
      else if (!this.#covers(state.id)) this.#outbox.forget(state.id);
    }
  }

  /** Lets everything go: the connection has closed. */
  end(): void {
    this.#outbox.close();
    for (const id of this.#subscriptions.keys()) this.#drop(id);
    this.#waiting.length = 0;
  }

  async #watchOnly(jobId: string): Promise<void> {
    const unknown = await this.#subscribe(QUERY_SUBSCRIPTION, { jobs: [jobId] }, undefined);
    if (unknown.length > 0) this.#socket.close(CLOSE.unknownJob, 'there is no such job');
  }

  async #handleAll(): Promise<void> {
    this.#handling = true;
    for (let message = this.#waiting.shift(); message; message = this.#waiting.shift()) {
      await this.#handle(message);
      // Whoever does not read the answers gets no more of them.
      await this.#outbox.answered();
      if (this.#waiting.length < MOST_WAITING) this.#socket.resume();
    }
    this.#handling = false;
  }

  async #handle(message: ClientMessage): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (message.type === 'ping') return this.#outbox.answer({ type: 'pong' });
    if (message.type === 'unsubscribe') return this.#unsubscribe(message.id);
    const { id, versions, history = '' } = message;
    if (this.#subscriptions.has(id))
      return this.#refuse(id, 'subscription_in_use', `The subscription ${id} is in use.`);
    if (this.#subscriptions.size >= MAX_SUBSCRIPTIONS)
      return this.#refuse(id, 'too_many_subscriptions', `A session may have ${MAX_SUBSCRIPTIONS}.`);
    let weight = 'jobs' in message ? message.jobs.length : CHANNEL_WEIGHT;
    for (const other of this.#subscriptions.values()) weight += other.weight;
    if (weight > MAX_WATCHED_JOBS)
      return this.#refuse(id, 'too_many_subscriptions', `A session may name ${MAX_WATCHED_JOBS} jobs.`);
    if (versions) this.#services.metrics.resumes++;
    const had = versions && { history, versions: new Map(Object.entries(versions)) };
    const unknown = await this.#subscribe(id, message, had);
    if (unknown.length > 0) this.#lacks(id, unknown);
  }

  async #subscribe(
    id: number,
    what: { jobs: readonly string[] } | { channel: 'active' },
    had: Had | undefined,
  ): Promise<string[]> {
    const { feed, metrics } = this.#services;
    const services = { feed, outbox: this.#outbox };
    const forgotten = (jobId: string) => this.#lacks(id, [jobId]);
    const subscription =
      'jobs' in what
        ? subscribeToJobs(id, what.jobs, had, services, forgotten)
        : subscribeToActive(id, had, services);
    this.#subscriptions.set(id, subscription);
    metrics.subscriptions++;
    return subscription.join();
  }

  #lacks(id: number, jobs: string[]): void {
    const detail = 'Nobody knows these jobs.';
    this.#outbox.answer({ type: 'error', id, code: 'job_not_found', detail, jobs });
  }

  #refuse(id: number, code: string, detail: string): void {
    this.#outbox.answer({ type: 'error', id, code, detail });
  }

  #unsubscribe(id: number): void {
    this.#drop(id);
    this.#outbox.forgetSubscription(id);
    this.#outbox.forgetUnless((jobId) => this.#covers(jobId));
  }

  #drop(id: number): void {
    this.#subscriptions.get(id)?.end();
    if (this.#subscriptions.delete(id)) this.#services.metrics.subscriptions--;
  }

  #covers(jobId: string): boolean {
    for (const subscription of this.#subscriptions.values()) if (subscription.covers(jobId)) return true;
    return false;
  }

  async #guard(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#services.logger.error('a session failed', { error });
      this.#socket.close(CLOSE.failed, 'the server failed');
    }
  }
}
