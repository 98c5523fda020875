import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { startEmbeddingsServer, type EmbeddingsServer } from '../../helpers/servers/embeddings-server.ts';
import { startTestProcessor, type TestProcessor } from '../../helpers/processors/processor.ts';
import { startRedis, type TestRedis } from '../../helpers/servers/redis.ts';
import { startTestRoles, untilReady, type TestRoles } from '../../helpers/servers/roles.ts';
import { expectAccepted, upload } from '../../helpers/clients/uploads.ts';

let redis: TestRedis;
let embedder: EmbeddingsServer;
let processor: TestProcessor;
let roles: TestRoles;

beforeAll(async () => {
  redis = await startRedis();
  embedder = await startEmbeddingsServer();
  const embeddings = { url: embedder.url, model: 'words', apiKey: undefined };
  processor = await startTestProcessor({ children: 1, embeddings });
  roles = await startTestRoles(['api', 'worker'], {
    REDIS_URL: redis.url,
    PROCESSOR_URL: processor.url,
    MIN_FREE_BYTES: '0',
  });
  await untilReady(roles.url);
});

afterEach(async () => void (await redis.client.config('SET', 'maxmemory', '0')));

afterAll(async () => {
  await roles.close();
  await processor.close();
  await embedder.close();
  await redis.close();
});

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
    checks: { chroma: 'away', processor: 'ok', embedder: 'ok' },
  });
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
