import { beforeAll, expect, test } from 'vitest';

import { Sluice } from '../../../client/sdk/sluice.ts';
import { ClientLine } from '../../helpers/faults/client-line.ts';
import { untilReady } from '../../helpers/servers/roles.ts';
import { eventually } from '../../helpers/servers/supervised.ts';
import { use, useRedis, useRoles } from '../../helpers/servers/use.ts';

/** More than the system keeps for a line that takes nothing. */
const BYTES = 64 * 1024 * 1024;

const redis = useRedis();
const node = useRoles(['api'], () => ({ REDIS_URL: redis.url }));
beforeAll(() => untilReady(node.url));
const line = use(() => ClientLine.start(node.url));

test('an upload whose line stalls within the file is given up with its reason, and goes on as one document', async () => {
  const sluice = new Sluice({ url: line.url });
  let stalled = false;
  const upload = sluice.upload(new File([new Uint8Array(BYTES).fill(97)], 'large.txt'), {
    onProgress: ({ sent }) => {
      if (stalled || sent < BYTES / 8) return;
      stalled = true;
      line.stall();
    },
  });
  await eventually(() => upload.problem);
  expect(upload.state).toBe('pausing');
  expect(upload.problem).toMatchObject({ code: 'timeout', message: 'The line carried nothing for 30 s.' });
  expect(await redis.client.zcard('jobs:recent')).toBe(0);
  line.restore();
  await upload.accepted;
  expect(upload.sent).toBe(BYTES);
  expect(await redis.client.zcard('jobs:recent')).toBe(1);
  sluice.close();
});
