import type { Duplex } from 'node:stream';
import type { RawData } from 'ws';

import type { Principal } from '../../access/principal.ts';
import { AppError } from '../../errors.ts';
import {
  CLOSE,
  FEATURES,
  PROTOCOL_VERSION,
  type ClientMessage,
  type ServerMessage,
  type Subscribe,
} from '../../contract/messages.ts';
import type { JobState } from '../../jobs/model/job-view.ts';
import { Inbox, type InboxOwner } from './inbox.ts';
import { parseMessage, type RefusedMessage } from './parse-message.ts';
import { authorized, replacePrincipal, watchRefusal } from './rights.ts';
import { Outbox, type SentListener } from '../outbox/outbox.ts';
import type { ProtocolSocket, SocketListener } from '../protocol-socket.ts';
import { createSubscription, weightOf } from '../channels/create-subscription.ts';
import type { LossListener } from '../channels/subscription.ts';
import type { SessionServices } from './session-services.ts';
import { Subscriptions } from './subscriptions.ts';

/** The subscription that `?job=` opens. */
const QUERY_SUBSCRIPTION = 0;
/** Most unread bytes, beyond which the session ignores a client's pings. */
const MOST_UNREAD = 16 * 1024;

/** Stands among a client's messages once the feed is live and subscriptions wait for it. */
const JOIN = { type: 'join' } as const;
type Incoming = ClientMessage | RefusedMessage | typeof JOIN;

/**
 * One client's connection. It handles each message to its end before the next one. Only snapshots wait while the feed is
 * stale.
 */
export class Session implements SocketListener, SentListener, LossListener, InboxOwner<Incoming> {
  readonly socket: ProtocolSocket;
  readonly #stream: Duplex;
  readonly #outbox: Outbox;
  readonly #services: SessionServices;
  readonly #onlyJob: string | undefined;
  #principal: Principal;
  readonly #subscriptions = new Subscriptions();
  readonly #inbox: Inbox<Incoming>;
  /** True from a ping until its pong. */
  #awaitsPong = false;
  /** Epoch that the client knows. */
  #epoch: string;

  /**
   * @param stream the socket under the WebSocket
   * @param onlyJob job of `?job=`. The session subscribes to it at once, and ends with it
   * @param principal identity that the session begins with
   */
  constructor(
    socket: ProtocolSocket,
    stream: Duplex,
    services: SessionServices,
    onlyJob: string | undefined,
    principal: Principal,
  ) {
    const { feed, heartbeatMs } = services;
    this.socket = socket;
    this.#stream = stream;
    this.#outbox = new Outbox(stream, services, this);
    this.#inbox = new Inbox(socket, this);
    this.#services = services;
    this.#onlyJob = onlyJob;
    this.#principal = principal;
    this.#epoch = feed.epoch;
    socket.listen(this);
    this.#outbox.send({
      type: 'welcome',
      protocol: PROTOCOL_VERSION,
      epoch: this.#epoch,
      offset: feed.offset,
      heartbeat_ms: heartbeatMs,
      features: [...FEATURES],
    });
    if (!feed.live) this.stale();
    if (onlyJob !== undefined)
      this.#inbox.add({ type: 'subscribe', id: QUERY_SUBSCRIPTION, channel: 'jobs', jobs: [onlyJob] });
  }

  get principal(): Principal {
    return this.#principal;
  }

  /** Queues a message behind the unsent ones. */
  send(message: ServerMessage): void {
    this.#outbox.send(message);
  }

  /** Tells the client that it may miss states from now on. */
  stale(): void {
    this.#outbox.send({ type: 'stale' });
  }

  /** Tells the client that states flow again. */
  live(epoch: string): void {
    if (epoch !== this.#epoch) this.#outbox.forgetEpoch();
    this.#epoch = epoch;
    this.#outbox.live(epoch);
    if (this.#subscriptions.joining) this.#inbox.add(JOIN);
  }

  /** Asks the client to reconnect after `afterMs`, then closes. */
  async drain(afterMs: number): Promise<void> {
    this.#outbox.send({ type: 'reconnect', after_ms: afterMs });
    await this.#outbox.settled();
    this.socket.close(CLOSE.drain, 'the server is shutting down');
  }

  isTooFarBehind(now: number): boolean {
    return this.#outbox.isTooFarBehind(now);
  }

  /** Pings the client, or cuts it without a reply to the last ping. A paused session reads no pong, so it sends no ping. */
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
    this.#inbox.add(parseMessage(data as Buffer, isBinary));
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

  /** Releases everything. */
  onClose(code: number): void {
    this.#outbox.close();
    this.#services.metrics.subscriptions -= this.#subscriptions.size;
    this.#subscriptions.clear();
    this.#inbox.clear();
    this.#services.onEnd(this, code);
  }

  async handle(message: Incoming): Promise<void> {
    await this.#dispatch(message);
    // A client that does not read its responses gets no more of them.
    await this.#outbox.messagesSent();
  }

  resumed(): void {
    // The pong may have come long ago, and is read only now.
    this.#awaitsPong = false;
  }

  failed(error: unknown): void {
    this.#services.logger.error('a session failed', { error });
    this.socket.close(CLOSE.failed, 'the server failed');
  }

  async #dispatch(message: Incoming): Promise<void> {
    if (this.socket.readyState !== this.socket.OPEN) return;
    if (message.type === 'join') return this.#join();
    if (message.type === 'refused') return this.#outbox.send(message.error);
    if (message.type === 'auth') return this.#authenticate(message);
    if (message.type === 'ping') return this.#outbox.send({ ...message, type: 'pong' });
    if (message.type === 'unsubscribe') {
      this.#unsubscribe(message.id);
      return this.#outbox.send({ type: 'unsubscribed', id: message.id });
    }
    this.#subscribe(message);
    await this.#join();
  }

  #subscribe(message: Subscribe): void {
    const { id } = message;
    const refusal =
      watchRefusal(this.#principal, message) ?? this.#subscriptions.refusal(id, weightOf(message));
    if (refusal?.code === 'forbidden' && id === QUERY_SUBSCRIPTION && this.#onlyJob !== undefined)
      return this.socket.close(CLOSE.forbidden, refusal.detail);
    if (refusal) return this.#outbox.send({ type: 'error', id, ...refusal });
    const { feed, stats, batches, metrics } = this.#services;
    if ('since' in message && message.since) metrics.resumes++;
    metrics.subscriptions++;
    const services = { feed, stats, batches, outbox: this.#outbox, listener: this };
    this.#subscriptions.add(id, createSubscription(message, this.#principal.tenant, services));
  }

  /** Replaces the session's principal. Ends the subscriptions that the new key does not allow. */
  async #authenticate({ token, id }: Extract<ClientMessage, { type: 'auth' }>): Promise<void> {
    try {
      this.#principal = await replacePrincipal(this.#services.access, token, this.#principal);
    } catch (error) {
      if (error instanceof AppError) return this.socket.close(CLOSE.unauthorized, error.message);
      throw error;
    }
    this.#outbox.send(authorized(this.#principal, id));
    for (const [watching, subscription] of this.#subscriptions.entries()) {
      const refusal = watchRefusal(this.#principal, subscription.watched);
      if (!refusal) continue;
      this.#unsubscribe(watching);
      this.#outbox.send({ type: 'error', id: watching, ...refusal });
    }
  }

  /** Joins the waiting subscriptions. It sends each snapshot before it reads the next. */
  async #join(): Promise<void> {
    await this.#subscriptions.join((id, unknown) => {
      if (unknown.length > 0) this.#lacks(id, unknown);
      return this.#outbox.messagesSent();
    });
  }

  #lacks(id: number, jobs: string[]): void {
    if (id === QUERY_SUBSCRIPTION && this.#onlyJob !== undefined)
      return this.socket.close(CLOSE.unknownJob, 'there is no such job');
    const detail = 'Redis does not know these jobs.';
    this.#outbox.send({ type: 'error', id, code: 'job_not_found', detail, jobs });
  }

  #unsubscribe(id: number): void {
    const uncovered = this.#subscriptions.end(id);
    if (!uncovered) return;
    this.#services.metrics.subscriptions--;
    this.#outbox.forgetSubscription(id);
    for (const jobId of uncovered) this.#outbox.forget(jobId);
  }
}
