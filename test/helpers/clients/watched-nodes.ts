import { expect } from 'vitest';

import type { ServerMessage } from '../../../src/contract/messages.ts';
import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import { GatewayNode } from '../servers/gateway-node.ts';
import { TestJobs } from '../stores/test-jobs.ts';
import type { TestRedis } from '../servers/redis.ts';
import { Watcher } from './watcher.ts';

const GENEROUS = { timeout: 60_000 };

/** Nodes whose Redis is to be broken, and those who watch two running jobs on each of them. */
export class WatchedNodes {
  readonly nodes: readonly GatewayNode[];
  readonly jobs: TestJobs;
  /** On each node one who watches what is active, and one who watches the two jobs. */
  watchers: Watcher[] = [];
  first!: ClaimedJob;
  second!: ClaimedJob;
  #rounds = 0;

  private constructor(nodes: readonly GatewayNode[], jobs: TestJobs) {
    this.nodes = nodes;
    this.jobs = jobs;
  }

  /** @param urls how each node is to reach Redis */
  static async start(redis: TestRedis, urls: readonly string[]): Promise<WatchedNodes> {
    const nodes = await Promise.all(urls.map((url) => GatewayNode.start(url)));
    return new WatchedNodes(nodes, new TestJobs(redis));
  }

  /** New jobs, and new watchers who have joined. */
  async begin(): Promise<void> {
    const round = ++this.#rounds;
    const claimed = await this.jobs.claimAll([`first-${round}`, `second-${round}`]);
    [this.first, this.second] = claimed as [ClaimedJob, ClaimedJob];
    this.watchers = this.newcomers();
    await this.every(({ snapshots }) => snapshots === 1);
    await this.becomeReady();
  }

  /** Nobody was told what is wrong, had to connect anew, or is left. */
  async end(): Promise<void> {
    for (const watcher of this.watchers) {
      expect(watcher.faults).toEqual([]);
      expect(watcher.closes).toEqual([]);
      expect([...watcher.ends.values()].every((times) => times === 1)).toBe(true);
      watcher.end();
    }
    await Promise.all(this.nodes.map((node) => node.emptied()));
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()));
  }

  newcomers(): Watcher[] {
    return this.nodes.flatMap(({ url }) => [
      new Watcher([url], { channel: 'active' }),
      new Watcher([url], { jobs: [this.first.id, this.second.id] }),
    ]);
  }

  /** Waits until it holds for each watcher. */
  async every(holds: (watcher: Watcher) => boolean): Promise<void> {
    const { watchers } = this;
    await expect.poll(() => watchers.map(holds), GENEROUS).toEqual(watchers.map(() => true));
  }

  /** Waits until each watcher was told once. */
  async told(type: ServerMessage['type']): Promise<void> {
    await this.every((watcher) => watcher.heard(type) === 1);
  }

  /** Waits until each watcher has seen the job's first run end. */
  async sawEnd({ id }: ClaimedJob): Promise<void> {
    await this.every(({ ends }) => ends.has(`${id}/1`));
  }

  readiness(): Promise<number[]> {
    return Promise.all(this.nodes.map(async ({ url }) => (await fetch(`${url}/readyz`)).status));
  }

  async becomeReady(): Promise<void> {
    await expect.poll(() => this.readiness(), GENEROUS).toEqual(this.nodes.map(() => 200));
  }

  async becomeUnready(): Promise<void> {
    await expect.poll(() => this.readiness(), GENEROUS).toEqual(this.nodes.map(() => 503));
  }

  misses(): Promise<number[]> {
    return Promise.all(this.nodes.map((node) => node.metric('sluice_feed_canary_misses_total')));
  }
}
