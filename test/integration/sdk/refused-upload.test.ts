import { beforeAll, expect, test } from 'vitest';

import { Sluice } from '../../../client/sdk/sluice.ts';
import { untilReady } from '../../helpers/servers/roles.ts';
import { eventually } from '../../helpers/servers/supervised.ts';
import { useRedis, useRoles } from '../../helpers/servers/use.ts';

const redis = useRedis();
const node = useRoles(['api'], () => ({ REDIS_URL: redis.url }));
beforeAll(() => untilReady(node.url));

test('an upload that the server cannot take yet is tried again, after the pause that it asks for', async () => {
  const sluice = new Sluice({ url: node.url });
  await redis.kill();
  const tries: number[] = [];
  const upload = sluice.upload(new File(['hello'], 'a.txt'), {
    onProgress: ({ state }) => {
      if (state === 'sending') tries.push(Date.now());
    },
  });
  await eventually(() => upload.state === 'pausing');
  const { status, retryAfterMs } = upload.problem!;
  expect(status).toBe(503);
  expect(retryAfterMs).toBeGreaterThan(0);
  const pausedAt = Date.now();
  await redis.start();
  await upload.accepted;
  expect(tries.at(-1)! - pausedAt).toBeGreaterThan(retryAfterMs! / 2);
  expect((await redis.client.keys('job:*')).length).toBeGreaterThan(0);
  sluice.close();
});
