import { afterEach, beforeAll, expect, test } from 'vitest';

import { startTestProcessor } from '../../helpers/processors/processor.ts';
import { untilReady } from '../../helpers/servers/roles.ts';
import { use, useEmbeddings, useRedis, useRoles } from '../../helpers/servers/use.ts';
import { expectAccepted, upload } from '../../helpers/clients/uploads.ts';

const redis = useRedis();
const embedder = useEmbeddings();
const processor = use(() =>
  startTestProcessor({
    children: 1,
    embeddings: { url: embedder.url, model: 'words', apiKey: undefined },
  }),
);
const keywords = useRoles(['keywords'], {});
const roles = useRoles(['api', 'worker'], () => ({
  REDIS_URL: redis.url,
  PROCESSOR_URL: processor.url,
  KEYWORDS_URL: keywords.url,
  MIN_FREE_BYTES: '0',
}));

beforeAll(() => untilReady(roles.url));

afterEach(async () => void (await redis.client.config('SET', 'maxmemory', '0')));

async function readiness(): Promise<{ code: number; status: string; checks: Record<string, string> }> {
  const response = await fetch(`${roles.url}/readyz`);
  const body = (await response.json()) as { status: string; checks: Record<string, string> };
  return { code: response.status, ...body };
}

test('a Redis without memory for a write makes every role unready, until it has some', async () => {
  await redis.client.config('SET', 'maxmemory', '1');
  expect(await readiness()).toMatchObject({ code: 503, status: 'not_ready', checks: { redis: 'failed' } });
  expect(await (await upload(roles.url)).json()).toMatchObject({ code: 'queue_unavailable' });
  await redis.client.config('SET', 'maxmemory', '0');
  expect(await readiness()).toMatchObject({ code: 200, checks: { redis: 'ok' } });
});

// Each test takes one more away.
test('an absent Chroma is named, and uploads go on', async () => {
  await expect.poll(readiness).toMatchObject({
    code: 200,
    status: 'degraded',
    checks: { chroma: 'away', keywords: 'ok', processor: 'ok', embedder: 'ok' },
  });
  await expectAccepted(await upload(roles.url));
});

test('an absent keyword index is named, and uploads go on', async () => {
  await keywords.close();
  await expect.poll(readiness).toMatchObject({ code: 200, checks: { keywords: 'away', processor: 'ok' } });
  await expectAccepted(await upload(roles.url));
});

test('an absent embedder is named, and uploads go on', async () => {
  await embedder.close();
  await expect.poll(readiness).toMatchObject({ code: 200, checks: { processor: 'ok', embedder: 'away' } });
  await expectAccepted(await upload(roles.url));
});

test('an absent processor is named, and uploads go on', async () => {
  await processor.close();
  await expect
    .poll(readiness)
    .toMatchObject({ code: 200, status: 'degraded', checks: { processor: 'away' } });
  await expectAccepted(await upload(roles.url));
});
