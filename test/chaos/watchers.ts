import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { WebSocket } from 'ws';

import { isTerminal, type Job } from '../../src/contract/job.ts';
import { CLOSE, type ClientMessage, type ServerMessage } from '../../src/contract/messages.ts';
import { publishedJobs } from '../helpers/responses/published-jobs.ts';
import { toJobView } from '../../src/jobs/model/job-view.ts';
import type { Topology } from './harness.ts';
import type { Logbook } from './logbook.ts';

const RECONNECT_MS = 100;
const POLL_MS = 60;
/** Whoever is silent for so long may be stopped and not dead: a client must not wait for ever. */
const CONNECT_TIMEOUT_MS = 3000;

/** A client that watches over WebSockets for as long as the run lasts, whatever happens to its connection. */
class Watcher {
  readonly name: string;
  /** The last state of each job that this connection has brought. */
  readonly last = new Map<string, Job>();
  /** Jobs that this connection has shown and not yet taken off the channel. */
  readonly members = new Set<string>();
  readonly #topology: Topology;
  readonly #logbook: Logbook;
  readonly #url: string;
  readonly #onOpen: (watcher: Watcher) => void;
  #socket: WebSocket | undefined;
  #connection = 0;
  #epoch = '';
  #done = false;
  #nextSubscription = 1;

  constructor(
    name: string,
    url: string,
    topology: Topology,
    logbook: Logbook,
    onOpen: (watcher: Watcher) => void = () => {},
  ) {
    this.name = name;
    this.#url = url;
    this.#topology = topology;
    this.#logbook = logbook;
    this.#onOpen = onOpen;
    this.#connect();
  }

  /** Closed for good, by itself or by the server that had nothing more to say. */
  get done(): boolean {
    return this.#done;
  }

  subscribe(what: { channel: 'jobs'; jobs: string[] } | { channel: 'active' }): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    const message: ClientMessage = { type: 'subscribe', id: this.#nextSubscription++, ...what };
    this.#socket.send(JSON.stringify(message));
  }

  close(): void {
    this.#done = true;
    this.#socket?.terminate();
  }

  #connect(): void {
    const socket = new WebSocket(this.#url, { handshakeTimeout: CONNECT_TIMEOUT_MS });
    this.#socket = socket;
    this.#connection++;
    this.last.clear();
    this.members.clear();
    socket.on('error', () => {});
    socket.on('open', () => this.#onOpen(this));
    socket.on('message', (data: Buffer) => this.#hear(JSON.parse(data.toString()) as ServerMessage));
    socket.on('close', (code) => {
      if (code === CLOSE.done) this.#done = true;
      setTimeout(() => this.#done || this.#connect(), RECONNECT_MS);
    });
  }

  #hear(message: ServerMessage): void {
    if (message.type === 'welcome' || message.type === 'live') this.#epoch = message.epoch;
    if (message.type === 'gone') for (const id of message.jobs) this.members.delete(id);
    if (message.type !== 'snapshot' && message.type !== 'update') return;
    for (const job of message.jobs) {
      this.last.set(job.id, job);
      if (!isTerminal(job.status)) this.members.add(job.id);
      const epoch = `${this.#topology.era}:${this.#epoch}`;
      this.#logbook.hear({ watcher: this.name, connection: this.#connection, epoch }, job);
    }
  }
}

/** Everybody who watches a run: over WebSockets in three ways, by polling, and at the channels in Redis. */
export class Watchers {
  /** One a gateway, on the channel of all active jobs. */
  readonly active: readonly Watcher[];
  /** One a gateway, on every job that was accepted. */
  readonly everyJob: readonly Watcher[];
  /** A connection for one job each, which ends with the job. */
  readonly single = new Map<string, Watcher>();
  readonly #topology: Topology;
  readonly #logbook: Logbook;
  readonly #jobs: string[] = [];
  readonly #closing = new AbortController();
  readonly #subscriber: Redis;
  readonly #polling: Promise<void>[];

  constructor(topology: Topology, logbook: Logbook) {
    this.#topology = topology;
    this.#logbook = logbook;
    const urls = topology.apiUrls.map((url) => `${url.replace('http', 'ws')}/ws`);
    this.active = urls.map(
      (url, i) =>
        new Watcher(`active-${i}`, url, topology, logbook, (self) => self.subscribe({ channel: 'active' })),
    );
    this.everyJob = urls.map(
      (url, i) => new Watcher(`jobs-${i}`, url, topology, logbook, (self) => this.#subscribeToAll(self)),
    );
    this.#subscriber = this.#listenToChannels();
    this.#polling = topology.apiUrls.map((url, i) => this.#poll(`poll-${i}`, url));
  }

  /** Watches a job that was accepted. */
  add(jobId: string, alone: boolean): void {
    this.#jobs.push(jobId);
    for (const watcher of this.everyJob) watcher.subscribe({ channel: 'jobs', jobs: [jobId] });
    if (!alone) return;
    const url = `${this.#topology.apiUrls[this.#jobs.length % 2]!.replace('http', 'ws')}/ws?job=${jobId}`;
    this.single.set(jobId, new Watcher(`single-${jobId.slice(0, 8)}`, url, this.#topology, this.#logbook));
  }

  watches(jobId: string): boolean {
    return this.#jobs.includes(jobId);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#subscriber.disconnect();
    for (const watcher of [...this.active, ...this.everyJob, ...this.single.values()]) watcher.close();
    await Promise.all(this.#polling);
  }

  #subscribeToAll(watcher: Watcher): void {
    // A subscription names at most so many.
    for (let from = 0; from < this.#jobs.length; from += 1000)
      watcher.subscribe({ channel: 'jobs', jobs: this.#jobs.slice(from, from + 1000) });
  }

  /** Asks for one job after the other, the newest most often, by each of the documented paths. */
  async #poll(watcher: string, url: string): Promise<void> {
    const paths = ['/api/jobs/*', '/api/jobs/*/status', '/jobs/*/status'];
    for (let turn = 0; !this.#closing.signal.aborted; turn++) {
      await sleep(POLL_MS, undefined, { signal: this.#closing.signal }).catch(() => {});
      const id = this.#jobs.at(-1 - ((turn * turn) % Math.min(this.#jobs.length, 40)));
      if (id === undefined) continue;
      const { era } = this.#topology;
      try {
        const path = paths[turn % paths.length]!.replace('*', id);
        const response = await fetch(url + path, { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
        const job = (await response.json()) as Job;
        const epoch = /"(.*)-\d+"/.exec(response.headers.get('etag') ?? '')?.[1];
        // A response that was under way while Redis went back belongs to neither side.
        if (!response.ok || era !== this.#topology.era) continue;
        this.#logbook.hear({ watcher, connection: 0, epoch: `${era}:${epoch}` }, job);
      } catch {
        // Down, or on its way back.
      }
    }
  }

  /** A program of its own that hears the published channels: no state may be changed without being published. */
  #listenToChannels(): Redis {
    const redis = new Redis(this.#topology.redisUrl, {
      retryStrategy: () => 100,
      maxRetriesPerRequest: null,
    });
    let connection = 0;
    redis.on('error', () => {});
    redis.on('close', () => connection++);
    redis.on('pmessage', (_pattern: string, channel: string, message: string) => {
      for (const [i, { epoch, hash }] of publishedJobs(message).entries()) {
        const job = toJobView(hash);
        // The channel names the first job.
        if (i === 0) job.id = channel.slice('job:'.length, -':events'.length);
        this.#logbook.hear({ watcher: CHANNEL, connection, epoch: `${this.#topology.era}:${epoch}` }, job);
      }
    });
    redis.psubscribe('job:*:events').catch(() => {});
    return redis;
  }
}

/** The watcher of the channels in Redis, which hears every version of every job. */
export const CHANNEL = 'channel';
