import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

import { visit } from '../../helpers/clients/crowd.ts';
import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { liveHeapMiB } from '../../helpers/measures/live-heap.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';
import { use, useRedis } from '../../helpers/servers/use.ts';

const CYCLES = 8;

const redis = useRedis();
const node = use(() => GatewayNode.start(redis.url, ['gateway'], ['--inspect=127.0.0.1:0']));
const jobs = new TestJobs(redis);

test('crowds come and go, and the memory is back where it was', async () => {
  const heaps: number[] = [];
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    await visit(node, jobs, `visit-${cycle}`);
    await sleep(1000);
    heaps.push(await liveHeapMiB(node.printed));
  }
  // The first crowd finds code that was not compiled yet, and the like.
  expect(heaps.at(-1)! - heaps[1]!, heaps.map((heap) => heap.toFixed(1)).join(' ')).toBeLessThan(2);
});
