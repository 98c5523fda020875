import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

import { isTerminal, type Job } from '../../../src/contract/job.ts';
import { FINAL_CLOSES, type ServerMessage } from '../../../src/contract/messages.ts';

const RETRY_MS = 200;

/** What a watcher wants to see. */
export type Interest = { jobs: readonly string[] } | { channel: 'active' };

/**
 * A client as PROTOCOL.md wants one: when it loses its node it goes to another, and says what it has. It notes
 * whatever a watcher must never see.
 */
export class Watcher {
  /** What it was told against the rules. */
  readonly faults: string[] = [];
  /** How often it was told each end, as `job/run`, within an epoch. */
  readonly ends = new Map<string, number>();
  readonly gone: string[] = [];
  readonly closes: number[] = [];
  /** Every message but those that carry jobs. */
  readonly said: ServerMessage[] = [];
  readonly #nodes: readonly string[];
  readonly #interest: Interest;
  readonly #jobs = new Map<string, Job>();
  #epoch = '';
  /** Position up to which it has everything; none before its first snapshot in an epoch. */
  #offset: number | undefined;
  /** Whether this connection has brought the whole snapshot. */
  #joined = false;
  #socket: WebSocket | undefined;
  #next: number;
  #afterMs = RETRY_MS;
  #ended = false;
  /** How many snapshots it has got to their end. */
  snapshots = 0;
  /** How many of them held only what had changed. */
  resumed = 0;

  /**
   * @param nodes where it may connect to
   * @param first which of them it tries first
   */
  constructor(nodes: readonly string[], interest: Interest, first = 0) {
    this.#nodes = nodes;
    this.#interest = interest;
    this.#next = first;
    this.#connect();
  }

  get epoch(): string {
    return this.#epoch;
  }

  get socket(): WebSocket {
    return this.#socket!;
  }

  job(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  /** How many messages of a type it was sent, of those that carry no jobs. */
  heard(type: ServerMessage['type']): number {
    return this.said.filter((message) => message.type === type).length;
  }

  /** @param abruptly without a close frame */
  end(abruptly = true): void {
    this.#ended = true;
    if (abruptly) this.#socket?.terminate();
    else this.#socket?.close(1000);
  }

  #connect(): void {
    const node = this.#nodes[this.#next++ % this.#nodes.length] as string;
    const socket = new WebSocket(`${node.replace(/^http/, 'ws')}/ws`, ['sluice.v2'], {
      perMessageDeflate: false,
    });
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('message', (data: Buffer) => this.#receive(JSON.parse(data.toString()) as ServerMessage));
    socket.on('close', (code) => void this.#comeBack(code));
  }

  async #comeBack(code: number): Promise<void> {
    this.closes.push(code);
    if (this.#ended || FINAL_CLOSES.includes(code)) return;
    await sleep(this.#afterMs);
    this.#afterMs = RETRY_MS;
    if (!this.#ended) this.#connect();
  }

  #receive(message: ServerMessage): void {
    if (message.type === 'snapshot' || message.type === 'update') {
      for (const job of message.jobs) this.#take(job, message.type === 'snapshot');
      if (message.type === 'snapshot' && !message.more) this.#join(message);
      if (this.#joined) this.#offset = message.offset;
      return;
    }
    this.said.push(message);
    if (message.type === 'welcome') this.#subscribe(message.epoch);
    else if (message.type === 'live') this.#enter(message.epoch);
    else if (message.type === 'reconnect') this.#afterMs = message.after_ms;
    else if (message.type === 'error' && message.code !== 'job_not_found')
      this.faults.push(`${message.code}: ${message.detail}`);
    else if (message.type === 'gone') for (const id of message.jobs) this.#leave(id);
    if ((message.type === 'live' || message.type === 'gone') && this.#joined) this.#offset = message.offset;
  }

  #subscribe(epoch: string): void {
    this.#enter(epoch);
    this.#joined = false;
    const resume = this.#offset !== undefined && { since: { epoch, offset: this.#offset } };
    this.socket.send(
      JSON.stringify({ type: 'subscribe', id: 1, channel: 'jobs', ...this.#interest, ...resume }),
    );
  }

  #join({ resumed }: Extract<ServerMessage, { type: 'snapshot' }>): void {
    this.#joined = true;
    this.snapshots++;
    if (resumed) this.resumed++;
  }

  #enter(epoch: string): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#offset = undefined;
    this.#jobs.clear();
    this.ends.clear();
  }

  /** @param first whether it is of a snapshot, which may repeat what the client has */
  #take(job: Job, first: boolean): void {
    const known = this.#jobs.get(job.id);
    if (first && known?.version === job.version) return;
    if (known && job.version <= known.version)
      this.faults.push(`${job.id}: version ${job.version} after ${known.version}`);
    this.#jobs.set(job.id, job);
    if (!isTerminal(job.status)) return;
    const end = `${job.id}/${job.run}`;
    this.ends.set(end, (this.ends.get(end) ?? 0) + 1);
  }

  #leave(id: string): void {
    const job = this.#jobs.get(id);
    if (job && !isTerminal(job.status)) this.faults.push(`${id}: gone while ${job.status}`);
    this.gone.push(id);
    if ('channel' in this.#interest) this.#jobs.delete(id);
  }
}
