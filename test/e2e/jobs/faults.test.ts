import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChromaClient } from 'chromadb';
import { afterEach, expect, test } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import { cpuSeconds } from '../../helpers/measures/cpu-time.ts';
import { processorChildren } from '../../helpers/processors/processor-children.ts';
import { TestClient } from '../../helpers/clients/ws.ts';
import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';

/** CPU time in s at which a child surely reads. Its start takes half a second, and the document five. */
const READING_CPU_SECONDS = 1.2;

const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url, LEASE_MS: '2000' } }));
afterEach(() => {
  embedder.delayMs = 0;
});

/** Uploads a document whose embedding takes seconds, and waits until it is in the middle of it. */
async function uploadSlowly(collection: string): Promise<string> {
  embedder.delayMs = 250;
  const { job_id } = await sluice.upload('gazetteer-13p.pdf', { collection });
  await expect.poll(async () => (await sluice.job(job_id)).progress).toBeGreaterThan(62);
  return job_id;
}

async function storedChunks(collection: string): Promise<number> {
  const { hostname, port } = new URL(sluice.chromaUrl);
  const client = new ChromaClient({ host: hostname, port: Number(port) });
  return (await client.getCollection({ name: collection })).count();
}

const embedded = {
  redis: () =>
    execFileSync('redis-cli', ['-u', sluice.redisUrl, 'INFO', 'server'])
      .toString()
      .match(/process_id:(\d+)/)![1]!,
  chroma: async () => {
    const lock = JSON.parse(await readFile(join(sluice.dataDir, 'sluice.lock'), 'utf8')) as unknown;
    return /"name":"chroma","pid":(\d+)|"pid":(\d+)[^{}]*"name":"chroma"/
      .exec(JSON.stringify(lock))!
      .slice(1)
      .find(Boolean)!;
  },
};

async function expectWhole(job_id: string, collection: string): Promise<Job> {
  const job = await sluice.ended(job_id, 90_000);
  expect(job).toMatchObject({ status: 'completed' });
  // What a lost worker wrote is cleaned up by and by; what the document shows is right at once.
  await expect.poll(() => storedChunks(collection)).toBe(job.result!.chunk_count);
  return job;
}

test.each(['worker', 'processor', 'redis', 'chroma'])(
  'SIGKILL of %s in the middle of a job: it comes back, and the job completes',
  async (victim) => {
    const collection = `killed-${victim}`;
    const job_id = await uploadSlowly(collection);
    const watcher = new TestClient(`${sluice.url}/ws?job=${job_id}`);
    await expect.poll(() => watcher.of('snapshot').length).toBe(1);
    const pid =
      victim === 'redis' || victim === 'chroma'
        ? Number(await embedded[victim]())
        : await sluice.rolePid(victim);
    process.kill(pid, 'SIGKILL');
    embedder.delayMs = 20;
    const job = await expectWhole(job_id, collection);
    expect(job.retry_count).toBeUndefined();
    if (victim === 'worker') expect(job).toMatchObject({ stalls: 1, attempt: 2 });
    await watcher.closed;
    const versions = watcher.states(job_id).map(({ version }) => version);
    // A Redis that was restarted is another epoch, in which everything is told once more.
    const told = victim === 'redis' ? versions : [...new Set(versions)];
    expect(versions).toEqual(told.toSorted((a, b) => a - b));
    expect(watcher.states(job_id).at(-1)?.status).toBe('completed');
  },
);

// Here the limit of the parsers is 30 s: with a short one a busy machine ends this job by its deadline.
test('a document whose parser dies each time fails after the third, without a retry', async () => {
  const processor = await sluice.rolePid('processor');
  // The first child may have read other documents.
  const before = new Map(processorChildren(processor).map((pid) => [pid, cpuSeconds(pid)]));
  const { job_id } = await sluice.upload('report-600p.pdf', { collection: 'crashing' });
  let ended = false;
  const end = sluice.ended(job_id).finally(() => (ended = true));
  const killed = new Set<number>();
  while (!ended) {
    await sleep(50);
    for (const pid of processorChildren(processor)) {
      if (killed.has(pid) || cpuSeconds(pid) - (before.get(pid) ?? 0) < READING_CPU_SECONDS) continue;
      killed.add(pid);
      // The kernel does the same without memory.
      process.kill(pid, 'SIGKILL');
    }
  }
  expect(killed.size).toBeGreaterThanOrEqual(3);
  expect(await end).toMatchObject({
    status: 'failed',
    message: 'Parsing failed',
    error_code: 'parser_crashed',
    error: 'The parser broke down while it read this file.',
    retry_count: 0,
    attempt: 1,
  });
});

test('SIGKILL of the web process in the middle of an upload and of a job: both can be had again', async () => {
  const job_id = await uploadSlowly('killed-api');
  process.kill(await sluice.rolePid('api'), 'SIGKILL');
  await expect.poll(async () => (await sluice.job(job_id).catch(() => undefined))?.id).toBe(job_id);
  embedder.delayMs = 0;
  await expectWhole(job_id, 'killed-api');
});

test('an embedder that fails for a while costs counted retries, and is forgiven', async () => {
  embedder.failNext(500, {}, 2);
  const { job_id } = await sluice.upload('readme.md', { collection: 'retried' });
  const watcher = new TestClient(`${sluice.url}/ws?job=${job_id}`);
  const job = await expectWhole(job_id, 'retried');
  expect(job.retry_count).toBeGreaterThanOrEqual(1);
  expect(job.error).toBeUndefined();
  await watcher.closed;
  expect(watcher.states(job_id)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        status: 'retrying',
        progress: 0,
        message: expect.stringMatching(/^Retrying \(1\/3\): /) as string,
        retry_count: 1,
        max_retries: 3,
      }),
    ]) as Job[],
  );
});

test('an embedder that keeps failing fails the job in the documented shape, where it stopped', async () => {
  embedder.failNext(500, {}, 1000);
  const { job_id } = await sluice.upload('readme.md', { collection: 'given-up' });
  const job = await sluice.ended(job_id, 60_000);
  embedder.failNext(200, {}, 0);
  expect(job).toMatchObject({
    status: 'failed',
    progress: 60,
    message: 'Embedding failed',
    error: expect.any(String) as string,
    error_code: expect.any(String) as string,
    retry_count: 3,
    max_retries: 3,
    attempt: 4,
  });
});
