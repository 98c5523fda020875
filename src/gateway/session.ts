import * as v from 'valibot';
import type { RawData, WebSocket } from 'ws';

import {
  ClientMessageSchema,
  CLOSE,
  PROTOCOL_VERSION,
  type ClientMessage,
  type ServerMessage,
} from '../contract/messages.ts';
import type { JobState } from '../jobs/to-job.ts';
import type { Logger } from '../logger.ts';
import { Outbox } from './outbox.ts';
import { subscribeToActive, subscribeToJobs, type Feeds, type Subscription } from './subscription.ts';

/** The subscription that `?job=` opens. */
const QUERY_SUBSCRIPTION = 0;

/** One client's connection: its subscriptions, and what it is still to be sent. */
export class Session {
  readonly #socket: WebSocket;
  readonly #feeds: Feeds;
  readonly #logger: Logger;
  readonly #outbox: Outbox;
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #onlyJob: string | undefined;
  /** Messages are handled one after the other, as they came. */
  #handling: Promise<void>;

  /** @param onlyJob from `?job=`: subscribed at once, and the session ends with it */
  constructor(
    socket: WebSocket,
    feeds: Feeds,
    onlyJob: string | undefined,
    heartbeatMs: number,
    logger: Logger,
  ) {
    this.#socket = socket;
    this.#feeds = feeds;
    this.#onlyJob = onlyJob;
    this.#logger = logger;
    this.#outbox = new Outbox(socket, (state) => this.#sent(state));
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('error', (error) => logger.info('a socket failed', { error: error.message }));
    socket.on('close', () => this.#end());
    this.#handling = this.#welcome(heartbeatMs).catch((error: unknown) => this.#fail(error));
  }

  /** Tells the client that the server goes away. */
  drain(): void {
    this.#socket.close(CLOSE.drain, 'the server is shutting down');
  }

  async #welcome(heartbeatMs: number): Promise<void> {
    const history = await this.#feeds.store.history();
    this.#send({ type: 'welcome', protocol: PROTOCOL_VERSION, history, heartbeat_ms: heartbeatMs });
    if (this.#onlyJob === undefined) return;
    const unknown = await this.#subscribe(QUERY_SUBSCRIPTION, [this.#onlyJob]);
    if (unknown.length > 0) this.#socket.close(CLOSE.unknownJob, 'there is no such job');
  }

  #receive(data: RawData, isBinary: boolean): void {
    // With ws's default binaryType a message is one Buffer.
    const text = (data as Buffer).toString();
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), ClientMessageSchema), text);
    if (isBinary || !parsed.success) {
      this.#socket.close(CLOSE.badMessage, 'a message does not fit the protocol');
      return;
    }
    this.#handling = this.#handling
      .then(() => this.#handle(parsed.output))
      .catch((error: unknown) => this.#fail(error));
  }

  async #handle(message: ClientMessage): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (message.type === 'ping') return this.#send({ type: 'pong' });
    if (message.type === 'unsubscribe') return this.#unsubscribe(message.id);
    if (this.#subscriptions.has(message.id)) {
      const detail = `The subscription ${message.id} is in use.`;
      return this.#send({ type: 'error', id: message.id, code: 'subscription_in_use', detail });
    }
    const unknown = await this.#subscribe(message.id, 'jobs' in message ? message.jobs : 'active');
    if (unknown.length > 0) {
      const detail = `Nobody knows: ${unknown.join(', ')}`;
      this.#send({ type: 'error', id: message.id, code: 'job_not_found', detail });
    }
  }

  async #subscribe(id: number, what: readonly string[] | 'active'): Promise<string[]> {
    const subscription =
      what === 'active'
        ? subscribeToActive(id, this.#feeds, this.#outbox)
        : subscribeToJobs(id, what, this.#feeds, this.#outbox);
    this.#subscriptions.set(id, subscription);
    return subscription.join();
  }

  #unsubscribe(id: number): void {
    this.#subscriptions.get(id)?.end();
    this.#subscriptions.delete(id);
    this.#outbox.forgetSubscription(id);
    this.#outbox.forgetUnless((jobId) => this.#covers(jobId));
  }

  #covers(jobId: string): boolean {
    return [...this.#subscriptions.values()].some((subscription) => subscription.covers(jobId));
  }

  #sent(state: JobState): void {
    if (!state.terminal) return;
    if (state.id === this.#onlyJob) this.#socket.close(CLOSE.done, 'the job has ended');
    else if (!this.#covers(state.id)) this.#outbox.forget(state.id);
  }

  #send(message: ServerMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  #fail(error: unknown): void {
    this.#logger.error('a session failed', { error });
    this.#socket.close(CLOSE.failed, 'the server failed');
  }

  #end(): void {
    for (const subscription of this.#subscriptions.values()) subscription.end();
    this.#subscriptions.clear();
  }
}
