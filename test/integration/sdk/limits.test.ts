import { afterEach, beforeAll, expect, test } from 'vitest';

import { Sluice } from '../../../client/sdk/sluice.ts';
import { untilReady } from '../../helpers/servers/roles.ts';
import { useRedis, useRoles } from '../../helpers/servers/use.ts';

const FILES = 6;

const redis = useRedis();
const node = useRoles(['api'], () => ({ REDIS_URL: redis.url, MAX_REQUESTS_PER_SECOND: '1' }));
beforeAll(() => untilReady(node.url));

let sluice: Sluice;
afterEach(() => sluice.close());

test('uploads and calls beyond the limits of the server wait for as long as it asks, and succeed', async () => {
  sluice = new Sluice({ url: node.url, uploadsAtOnce: FILES });
  /** Pauses that the server asked for, beside those that the client made. */
  const pauses: { askedMs: number; madeMs: number }[] = [];
  const files = Array.from({ length: FILES }, (_, i) => new File([`text ${i}`], `${i}.txt`));
  const uploads = files.map((file) => {
    let refused: { askedMs: number; at: number } | undefined;
    return sluice.upload(file, {
      onProgress: ({ state, problem }) => {
        if (state === 'pausing' && problem?.status === 429) {
          expect(problem.code).toBe('too_many_requests');
          refused = { askedMs: problem.retryAfterMs ?? 0, at: performance.now() };
        } else if (state === 'sending' && refused) {
          pauses.push({ askedMs: refused.askedMs, madeMs: performance.now() - refused.at });
          refused = undefined;
        }
      },
    });
  });
  const accepted = await Promise.all(uploads.map(({ accepted }) => accepted));
  expect(pauses.length).toBeGreaterThanOrEqual(2);
  for (const { askedMs, madeMs } of pauses) {
    expect(askedMs).toBeGreaterThanOrEqual(1000);
    // A timer may be a little early.
    expect(madeMs).toBeGreaterThan(askedMs - 10);
  }
  expect(new Set(accepted.map(({ job_id }) => job_id)).size).toBe(FILES);
  expect(await redis.client.zcard('jobs:recent')).toBe(FILES);
  const [first] = accepted;
  // The uploads have used the limit up.
  expect((await sluice.job(first!.job_id)).status).toBe('queued');
});
