import { expect, test } from 'vitest';

import { lineDigests } from '../../../../src/jobs/model/line-digests.ts';
import { complete, enqueue, uploadOf } from '../../../helpers/stores/lines.ts';
import { claimOne, job, keys, queue, redis, useQueue } from '../../../helpers/stores/queue.ts';

useQueue();

const { copy, name } = lineDigests('default', uploadOf('a', 'x'))!;
const LINES = [`${copy}:jobs`, `${name}:jobs`, `${copy}:document`, `${name}:documents`].map(
  (line) => keys.linePrefix + line,
);

/** Replaces every key of the lines with one of another type, as another program may. */
async function spoil(): Promise<void> {
  for (const line of LINES) {
    await redis.client.del(line);
    await redis.client.hset(line, 'foreign', '1');
  }
}

test('an upload is taken although another program wrote its lines', async () => {
  await spoil();
  await enqueue('a', 'x');
  await spoil();
  const claimed = await claimOne();
  expect(claimed.id).toBe('a');
  await spoil();
  expect(await complete(claimed)).toBe('a');
  expect(await job('a')).toMatchObject({ status: 'completed' });
  expect(await enqueue('b', 'x')).toMatchObject({ isDuplicate: true });
});

test.each(['skip', 'replace'] as const)(
  'a job with "%s" still ends when its lines are spoilt',
  async (how) => {
    await enqueue('a', 'x', how);
    await enqueue('b', 'x', how);
    await spoil();
    await queue.cancel('a');
    expect(await job('a')).toMatchObject({ error_code: 'cancelled' });
    await spoil();
    await queue.repair('0');
    await spoil();
    expect((await claimOne()).id).toBe('b');
  },
);

test('an upload is taken although another program wrote the document of its name', async () => {
  await enqueue('a', 'x');
  await complete(await claimOne());
  await redis.client.del(keys.document('a'));
  await redis.client.set(keys.document('a'), 'foreign');
  expect(await enqueue('b', 'x')).toMatchObject({ isDuplicate: false });
  expect(await enqueue('c', 'y', 'replace')).toMatchObject({ isDuplicate: false });
  await complete(await claimOne());
  expect((await claimOne()).work).toMatchObject({ documentId: 'b' });
});
