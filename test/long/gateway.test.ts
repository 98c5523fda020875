import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { GatewayNode } from '../helpers/gateway-node.ts';
import { liveHeapMiB } from '../helpers/live-heap.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { TestJobs } from '../helpers/test-jobs.ts';
import { Watcher } from '../helpers/watcher.ts';

const PATIENCE = { timeout: 60_000 };
const CYCLES = 8;
let redis: TestRedis;
let node: GatewayNode;
let jobs: TestJobs;

beforeAll(async () => {
  redis = await startRedis();
  node = await GatewayNode.start(redis.url, ['gateway'], ['--inspect=127.0.0.1:0']);
  jobs = new TestJobs(redis.client);
});
afterAll(async () => {
  await node.close();
  await redis.close();
});

/** A thousand come, see 30 jobs through, and go, half of them without a word. */
async function visit(cycle: number): Promise<void> {
  const ids = Array.from({ length: 30 }, (_, i) => `visit-${cycle}-${i}`);
  const claimed = await jobs.claimAll(ids);
  const crowd = Array.from({ length: 1000 }, (_, i) =>
    i % 50 === 0
      ? new Watcher([node.url], { channel: 'active' })
      : new Watcher([node.url], { jobs: [ids[i % 30]!, ids[(i + 11) % 30]!, 'nobody'] }),
  );
  await expect.poll(() => crowd.filter(({ snapshots }) => snapshots !== 1).length, PATIENCE).toBe(0);
  for (let progress = 61; progress < 71; progress++)
    await Promise.all(claimed.map((job) => jobs.step(job, progress)));
  await Promise.all(claimed.map((job) => jobs.complete(job)));
  const expected = (i: number) => (i % 50 === 0 ? 30 : 2);
  await expect.poll(() => crowd.filter(({ ends }, i) => ends.size !== expected(i)).length, PATIENCE).toBe(0);
  for (const [i, watcher] of crowd.entries()) {
    expect(watcher.faults).toEqual([]);
    expect([...watcher.ends.values()].every((times) => times === 1)).toBe(true);
    watcher.end(i % 2 === 1);
  }
  await node.emptied();
  expect(await node.metric('sluice_feed_watches')).toBe(0);
}

test('crowds come and go, and the memory is back where it was', async () => {
  const heaps: number[] = [];
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    await visit(cycle);
    await sleep(1000);
    heaps.push(await liveHeapMiB(node.printed));
  }
  // The first crowd finds code that was not compiled yet, and the like.
  expect(heaps.at(-1)! - heaps[1]!, heaps.map((heap) => heap.toFixed(1)).join(' ')).toBeLessThan(2);
});
