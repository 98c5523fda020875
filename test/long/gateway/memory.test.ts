import { expect, test } from 'vitest';

import { visit } from '../../helpers/clients/crowd.ts';
import { GatewayNode } from '../../helpers/servers/gateway-node.ts';
import { liveHeapMiB } from '../../helpers/measures/live-heap.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';
import { use, useRedis } from '../../helpers/servers/use.ts';

const redis = useRedis();
const node = use(() => GatewayNode.start(redis.url, ['gateway'], ['--inspect=127.0.0.1:0']));
const jobs = new TestJobs(redis);

test('when a thousand sessions have gone, memory is back where it was before they came', async () => {
  // The first crowd finds code that was not compiled yet, and the like.
  await visit(node, jobs, 'first');
  const before = await liveHeapMiB(node.printed);
  for (const crowd of ['second', 'third']) await visit(node, jobs, crowd);
  // Half a KiB for each of theirs.
  expect((await liveHeapMiB(node.printed)) - before).toBeLessThan(1);
});
