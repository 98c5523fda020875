import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as v from 'valibot';
import type { RawData } from 'ws';

import type { Access } from '../../access/access.ts';
import type { Principal } from '../../access/principal.ts';
import { AppError } from '../../errors.ts';
import {
  ClientMessageSchema,
  CLOSE,
  PROTOCOL_VERSION,
  type ClientMessage,
  type ServerMessage,
} from '../../contract/messages.ts';
import type { JobFeed } from '../../jobs/feed/job-feed.ts';
import type { JobState } from '../../jobs/model/job-view.ts';
import type { Logger } from '../../logging/logger.ts';
import type { Flusher } from '../outbox/flusher.ts';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import { authorized, watchRefusal } from './rights.ts';
import { Outbox, type SentListener } from '../outbox/outbox.ts';
import type { ProtocolSocket, SocketListener } from '../protocol-socket.ts';
import { ActiveSubscription, CHANNEL_WEIGHT, JobsSubscription, type LossListener } from './subscription.ts';
import { Subscriptions } from './subscriptions.ts';

/** The subscription that `?job=` opens. */
const QUERY_SUBSCRIPTION = 0;
/** Messages that may wait for their responses. At this number the session stops reading. */
const MOST_WAITING = 16;
/** Beyond so many unread bytes a client's pings go unanswered. */
const MOST_UNREAD = 16 * 1024;

export interface SessionServices {
  access: Access;
  feed: JobFeed;
  metrics: GatewayMetrics;
  logger: Logger;
  heartbeatMs: number;
  flusher: Flusher;
  /** Hears of a session's end. */
  onEnd(session: Session, code: number): void;
}

/** Among a client's messages: the feed is live, and subscriptions wait for that. */
const JOIN = { type: 'join' } as const;

/**
 * One client's connection: its subscriptions, and its messages, each answered before the next is looked at. Only the
 * snapshots of subscriptions that find the feed stale are set aside until it is live.
 */
export class Session implements SocketListener, SentListener, LossListener {
  readonly socket: ProtocolSocket;
  readonly #stream: Duplex;
  readonly #outbox: Outbox;
  readonly #services: SessionServices;
  readonly #onlyJob: string | undefined;
  #principal: Principal;
  readonly #subscriptions = new Subscriptions();
  /** The messages that are being answered; there only while some are. */
  #waiting: (ClientMessage | typeof JOIN)[] | undefined;
  /** True from a ping until its pong. */
  #awaitsPong = false;
  /** The epoch that the client was told last. */
  #epoch: string;

  /**
   * @param stream the socket under the WebSocket
   * @param onlyJob from `?job=`: subscribed at once, and the session ends with it
   * @param principal identity that the session begins with
   */
  constructor(
    socket: ProtocolSocket,
    stream: Duplex,
    services: SessionServices,
    onlyJob: string | undefined,
    principal: Principal,
  ) {
    const { feed, flusher, metrics, heartbeatMs } = services;
    this.socket = socket;
    this.#stream = stream;
    this.#outbox = new Outbox(stream, flusher, metrics, this);
    this.#services = services;
    this.#onlyJob = onlyJob;
    this.#principal = principal;
    this.#epoch = feed.epoch;
    socket.listen(this);
    this.#outbox.send({
      type: 'welcome',
      protocol: PROTOCOL_VERSION,
      history: this.#epoch,
      heartbeat_ms: heartbeatMs,
    });
    if (!feed.live) this.stale();
    if (onlyJob !== undefined) this.#add({ type: 'subscribe', id: QUERY_SUBSCRIPTION, jobs: [onlyJob] });
  }

  get principal(): Principal {
    return this.#principal;
  }

  /** Queues a message behind the unsent ones. */
  send(message: ServerMessage): void {
    this.#outbox.send(message);
  }

  /** Says that states may be missed from now on. */
  stale(): void {
    this.#outbox.send({ type: 'stale' });
  }

  /** Says that states flow again. */
  live(epoch: string): void {
    if (epoch !== this.#epoch) this.#outbox.forgetEpoch();
    this.#epoch = epoch;
    this.#outbox.send({ type: 'live', history: epoch });
    if (this.#subscriptions.joining) this.#add(JOIN);
  }

  /** Asks the client to leave and to come back in a while, then closes. */
  async drain(afterMs: number): Promise<void> {
    this.#outbox.send({ type: 'reconnect', after_ms: afterMs });
    await this.#outbox.settled();
    this.socket.close(CLOSE.drain, 'the server is shutting down');
  }

  isTooFarBehind(now: number): boolean {
    return this.#outbox.isTooFarBehind(now);
  }

  /** Asks the client for a sign of life; cuts it when it has not given the last. One that is not read from gives none. */
  ping(): void {
    if (this.socket.isPaused) return;
    if (this.#awaitsPong) return this.socket.terminate();
    this.#awaitsPong = true;
    this.socket.ping();
  }

  onPing(data: Buffer): void {
    if (this.#stream.writableLength < MOST_UNREAD) this.socket.pong(data);
  }

  onPong(): void {
    this.#awaitsPong = false;
  }

  onMessage(data: RawData, isBinary: boolean): void {
    // With ws's default binaryType a message is one Buffer.
    const text = (data as Buffer).toString();
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), ClientMessageSchema), text);
    if (isBinary || !parsed.success) {
      this.socket.close(CLOSE.badMessage, 'a message does not fit the protocol');
      return;
    }
    if (this.#add(parsed.output) >= MOST_WAITING) this.socket.pause();
  }

  onEnded(states: readonly JobState[]): void {
    if (states.some(({ id }) => id === this.#onlyJob)) this.socket.close(CLOSE.done, 'the job has ended');
  }

  onGone(jobIds: ReadonlySet<string>): void {
    for (const jobId of jobIds) if (!this.#subscriptions.covers(jobId)) this.#outbox.forget(jobId);
  }

  onLost(subscription: number, jobId: string): void {
    this.#lacks(subscription, [jobId]);
  }

  onClosing(): void {
    this.#outbox.close();
  }

  /** Lets everything go. */
  onClose(code: number): void {
    this.#outbox.close();
    this.#services.metrics.subscriptions -= this.#subscriptions.size;
    this.#subscriptions.clear();
    if (this.#waiting) this.#waiting.length = 0;
    this.#services.onEnd(this, code);
  }

  /** Adds a message to those that are answered. @returns how many wait behind the one that is being seen to */
  #add(message: ClientMessage | typeof JOIN): number {
    if (this.#waiting) return this.#waiting.push(message);
    void this.#guard(this.#handleAll((this.#waiting = [message])));
    return 0;
  }

  async #handleAll(waiting: (ClientMessage | typeof JOIN)[]): Promise<void> {
    for (let message = waiting.shift(); message; message = waiting.shift()) {
      await this.#handle(message);
      // A client that does not read its responses gets no more of them.
      await this.#outbox.messagesSent();
      // Others come in between, however many messages there are.
      await nextTurn();
      if (waiting.length < MOST_WAITING) this.#resume();
    }
    this.#waiting = undefined;
  }

  /** Reads on. */
  #resume(): void {
    if (!this.socket.isPaused) return;
    // It may have come long ago, and be read only now.
    this.#awaitsPong = false;
    this.socket.resume();
  }

  async #handle(message: ClientMessage | typeof JOIN): Promise<void> {
    if (this.socket.readyState !== this.socket.OPEN) return;
    if (message.type === 'join') return this.#join();
    if (message.type === 'auth') return this.#authenticate(message.token);
    if (message.type === 'ping') return this.#outbox.send({ type: 'pong' });
    if (message.type === 'unsubscribe') return this.#unsubscribe(message.id);
    this.#subscribe(message);
    await this.#join();
  }

  #subscribe(message: Extract<ClientMessage, { type: 'subscribe' }>): void {
    const { id, versions, history: epoch = '' } = message;
    const refusal =
      watchRefusal(this.#principal, message) ??
      this.#subscriptions.refusal(id, 'jobs' in message ? message.jobs.length : CHANNEL_WEIGHT);
    if (refusal?.code === 'forbidden' && id === QUERY_SUBSCRIPTION && this.#onlyJob !== undefined)
      return this.socket.close(CLOSE.forbidden, refusal.detail);
    if (refusal) return this.#outbox.send({ type: 'error', id, ...refusal });
    const { feed, metrics } = this.#services;
    if (versions) metrics.resumes++;
    metrics.subscriptions++;
    const had = versions && { epoch, versions: new Map(Object.entries(versions)) };
    const { tenant } = this.#principal;
    const services = { feed, outbox: this.#outbox };
    const subscription =
      'jobs' in message
        ? new JobsSubscription(tenant, id, message.jobs, had, services, this)
        : new ActiveSubscription(tenant, id, had, services);
    this.#subscriptions.add(id, subscription);
  }

  /** Replaces the session's principal. Ends the subscriptions that the new key does not allow. */
  async #authenticate(token: string): Promise<void> {
    try {
      const principal = await this.#services.access.ofToken(token);
      // Its subscriptions watch the jobs of the tenant that it began with.
      if (principal.tenant !== this.#principal.tenant)
        throw new AppError(
          'unauthorized',
          'The key belongs to another tenant. Open another connection with it.',
        );
      this.#principal = principal;
    } catch (error) {
      if (error instanceof AppError) return this.socket.close(CLOSE.unauthorized, error.message);
      throw error;
    }
    this.#outbox.send(authorized(this.#principal));
    for (const [id, subscription] of this.#subscriptions.entries()) {
      const refusal = watchRefusal(this.#principal, subscription.watched);
      if (!refusal) continue;
      this.#unsubscribe(id);
      this.#outbox.send({ type: 'error', id, ...refusal });
    }
  }

  /** Has those join that have not yet: each snapshot is sent before the next is read. */
  async #join(): Promise<void> {
    await this.#subscriptions.join((id, unknown) => {
      if (unknown.length > 0) this.#lacks(id, unknown);
      return this.#outbox.messagesSent();
    });
  }

  #lacks(id: number, jobs: string[]): void {
    if (id === QUERY_SUBSCRIPTION && this.#onlyJob !== undefined)
      return this.socket.close(CLOSE.unknownJob, 'there is no such job');
    const detail = 'Nobody knows these jobs.';
    this.#outbox.send({ type: 'error', id, code: 'job_not_found', detail, jobs });
  }

  #unsubscribe(id: number): void {
    const uncovered = this.#subscriptions.end(id);
    if (!uncovered) return;
    this.#services.metrics.subscriptions--;
    this.#outbox.forgetSubscription(id);
    for (const jobId of uncovered) this.#outbox.forget(jobId);
  }

  async #guard(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#services.logger.error('a session failed', { error });
      this.socket.close(CLOSE.failed, 'the server failed');
    }
  }
}
