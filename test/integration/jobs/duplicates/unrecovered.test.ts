import { expect, test } from 'vitest';

import { complete, enqueue, uploadOf } from '../../../helpers/stores/lines.ts';
import { claimOne, job, queue, recovered, redis, useQueue } from '../../../helpers/stores/queue.ts';

useQueue();

test('no copy completes after a restart of Redis, before a node has named its epoch', async () => {
  await enqueue('a', 'x');
  await complete(await claimOne());
  expect(await enqueue('b', 'x')).toMatchObject({ isDuplicate: true });
  await redis.kill();
  await redis.start();
  await queue.enqueue('c', 'default', uploadOf('c', 'x'));
  expect(await job('c')).toMatchObject({ status: 'queued' });

  // A worker has repeated what Redis lost, and claims again.
  await recovered();
  expect((await queue.claim(1)).jobs).toEqual([]);
  expect(await job('c')).toMatchObject({ status: 'completed', result: { duplicate: true } });
});
