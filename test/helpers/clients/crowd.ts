import { expect } from 'vitest';

import type { GatewayNode } from '../servers/gateway-node.ts';
import type { TestJobs } from '../stores/test-jobs.ts';
import { Watcher } from './watcher.ts';

const GENEROUS = { timeout: 60_000 };
const SESSIONS = 1000;
const JOBS = 30;
const DASHBOARD_EVERY = 50;

/**
 * A thousand come, see 30 jobs through, and go, half of them without a word.
 * @param name of this crowd alone: its jobs are called by it
 */
export async function visit(node: GatewayNode, jobs: TestJobs, name: string): Promise<void> {
  const ids = Array.from({ length: JOBS }, (_, i) => `${name}-${i}`);
  const claimed = await jobs.claimAll(ids);
  const crowd = Array.from({ length: SESSIONS }, (_, i) =>
    i % DASHBOARD_EVERY === 0
      ? new Watcher([node.url], { channel: 'active' })
      : new Watcher([node.url], { jobs: [ids[i % JOBS]!, ids[(i + 11) % JOBS]!, 'nobody'] }),
  );
  await expect.poll(() => crowd.filter(({ snapshots }) => snapshots !== 1).length, GENEROUS).toBe(0);
  for (let progress = 61; progress < 71; progress++)
    await Promise.all(claimed.map((job) => jobs.step(job, progress)));
  await Promise.all(claimed.map((job) => jobs.complete(job)));
  const expected = (i: number) => (i % DASHBOARD_EVERY === 0 ? JOBS : 2);
  await expect.poll(() => crowd.filter(({ ends }, i) => ends.size !== expected(i)).length, GENEROUS).toBe(0);
  for (const [i, watcher] of crowd.entries()) {
    expect(watcher.faults).toEqual([]);
    expect([...watcher.ends.values()].every((times) => times === 1)).toBe(true);
    watcher.end(i % 2 === 1);
  }
  await node.emptied();
  expect(await node.metric('sluice_feed_watches')).toBe(0);
}
