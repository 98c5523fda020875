import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ChromaClient } from 'chromadb';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import { EndedUploads } from '../../../src/blobs/ended-uploads.ts';
import { VectorStore } from '../../../src/documents/vector-store.ts';
import { JobQueue } from '../../../src/jobs/transitions/job-queue.ts';
import { ProcessorClient } from '../../../src/processor-client/processor-client.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { expectAccepted, upload } from '../../helpers/clients/uploads.ts';
import { useBackends, useRedis, useRoles } from '../../helpers/servers/use.ts';

/** Timeout for a busy machine. A sweep of originals runs every 30 s. */
const SWEPT = { timeout: 100_000, interval: 200 };
const keys = createKeys();
const redis = useRedis();
const backends = useBackends();
const roles = useRoles(['api', 'worker'], () => ({
  ...backends.env,
  REDIS_URL: redis.url,
  LEASE_MS: '30000',
  // The original of a cancelled job stays as long as the job, because a client may rerun it.
  JOB_TTL_SECONDS: '1',
}));
let chroma: ChromaClient;

beforeAll(() => {
  const { hostname, port } = new URL(backends.env['CHROMA_URL']!);
  chroma = new ChromaClient({ host: hostname, port: Number(port) });
});
afterEach(() => vi.restoreAllMocks());

/** Calls of a worker in their order. Between them a job passes from one stage to the next. */
const CALLS = [
  { call: 'claim', of: JobQueue.prototype },
  { call: 'parse', of: ProcessorClient.prototype },
  { call: 'embed', of: ProcessorClient.prototype },
  { call: 'upsertAll', of: VectorStore.prototype },
  { call: 'complete', of: JobQueue.prototype },
  { call: 'note', of: EndedUploads.prototype },
] as const;

/** Jobs of earlier tests, whose worker may still write a note. */
const earlier = new Set<string>();

/** Stops the next such call before or after it happens. */
function stopAt({ call, of }: (typeof CALLS)[number], when: 'before' | 'after') {
  const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const methods = of as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>;
  const original = methods[call]!;
  const isMeant = (reply: { jobs?: unknown[] } | undefined) => call !== 'claim' || reply?.jobs?.length;
  let isFirst = true;
  const wait = () => {
    isFirst = false;
    reached.resolve();
    return released.promise;
  };
  vi.spyOn(methods, call).mockImplementation(async function (this: unknown, ...given) {
    const isOurs = isFirst && !given.some((one) => earlier.has(one as string));
    if (when === 'before' && isOurs) await wait();
    const reply = await original.apply(this, given);
    if (when === 'after' && isOurs && isMeant(reply as { jobs?: unknown[] })) await wait();
    return reply;
  });
  return { reached: reached.promise, release: () => released.resolve() };
}

const get = async <T>(path: string) => (await (await fetch(roles.url + path)).json()) as T;
const originals = () => readdir(join(roles.dataDir, 'blobs', 'default')).catch(() => []);
const end = {
  cancel: (id: string) => fetch(`${roles.url}/api/jobs/${id}/cancel`, { method: 'POST' }),
  delete: (id: string) => fetch(`${roles.url}/api/documents/${id}`, { method: 'DELETE' }),
};
const cases = CALLS.flatMap((stop) =>
  (['before', 'after'] as const).flatMap((when) =>
    (['cancel', 'delete'] as const).map((how) => ({ stop, name: `${when} ${stop.call}`, when, how })),
  ),
);

test.each(cases)('a $how $name leaves no document', async ({ stop, when, how }) => {
  const collection = `${how}-${when}-${stop.call}`;
  const gate = stopAt(stop, when);
  const response = upload(roles.url, 'Pears are green. Plums are blue.', { collection });
  await gate.reached;
  const id = await expectAccepted(await response);
  earlier.add(id);
  const ended = await end[how](id);
  const isLate = `${when} ${stop.call}` === 'after complete' || stop.call === 'note';
  if (how === 'delete') expect(ended.status).toBe(204);
  // A job that has completed cannot be cancelled, and its document stays.
  else expect(ended.status).toBe(isLate ? 409 : 200);
  gate.release();
  if (how === 'cancel' && isLate) expect((await end.delete(id)).status).toBe(204);
  expect((await fetch(`${roles.url}/api/documents/${id}`)).status).toBe(404);
  const job = await get<Job>(`/api/jobs/${id}`);
  if (!isLate) expect(job).toMatchObject({ status: 'failed', error_code: 'cancelled' });
});

test('the ended jobs leave nothing in any store', async () => {
  await expect.poll(originals, SWEPT).toEqual([]);
  const counts = async () =>
    Promise.all((await chroma.listCollections()).map((collection) => collection.count()));
  await expect.poll(async () => Math.max(...(await counts())), SWEPT).toBe(0);
  const left = (await redis.client.keys('*')).filter((key) => /^(job|document|line|collections?):/.test(key));
  expect(left).toEqual([]);
  for (const key of [keys.active, keys.leases, keys.delayed, keys.queue, keys.parked, keys.tombstones])
    expect([key, await redis.client.exists(key)]).toEqual([key, 0]);
});
