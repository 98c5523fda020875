import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

import { ChunkComparison } from '../../../src/worker/comparison/chunk-comparison.ts';
import {
  keys,
  keywords,
  redis,
  register,
  servicesOver,
  signal,
  useLostChunks,
} from '../../helpers/stores/lost-chunks.ts';

useLostChunks();

test('the next comparison follows soon after one that fills the index, because filling it is no comparison', async () => {
  await register('a', 3);
  const everyMs = 1000;
  const slow = {
    ...servicesOver(),
    keywords: {
      ...boundTo(keywords.index),
      countStored: async () => [0],
      upsert: async (...call: Parameters<typeof keywords.index.upsert>) => {
        await sleep(everyMs);
        await keywords.index.upsert(...call);
      },
    },
  };
  await new ChunkComparison(slow, everyMs).compare('epoch', true, async () => true, signal);
  expect(await redis.client.pttl(keys.looked)).toBeLessThanOrEqual(everyMs);
});

/** The calls of the index that a comparison makes beside those of the test. */
function boundTo(index: typeof keywords.index) {
  return {
    collections: index.collections.bind(index),
    generations: index.generations.bind(index),
    markComplete: index.markComplete.bind(index),
  };
}
