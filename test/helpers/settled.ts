import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ChromaClient } from 'chromadb';
import { Redis } from 'ioredis';
import { expect } from 'vitest';

import type { Job } from '../../src/contract/job.ts';
import { createKeys } from '../../src/redis/keys.ts';
import type { TestSluice } from './sluice.ts';
import { storedFiles } from './uploads.ts';

const SETTLES_MS = 30_000;

/**
 * Looks from outside whether all work is over and nothing lost: every upload is a job that has ended, by a code where
 * it failed; Redis has no other jobs, and none that waits, runs or is to be cleaned up after; each upload's original is
 * there, and nothing beside it; Chroma holds the chunks of what was completed, and no more; the processor's folder is
 * empty.
 * @param ids of all uploads ever made
 */
export async function expectSettled(sluice: TestSluice, ids: readonly string[]): Promise<Job[]> {
  const jobs = await Promise.all(ids.map((id) => sluice.job(id)));
  for (const job of jobs) expect(job).toEqual(expect.objectContaining(endOf(job)));
  const redis = new Redis(sluice.redisUrl);
  const settled = async (look: () => Promise<unknown>, expected: unknown) =>
    expect.poll(look, { timeout: SETTLES_MS }).toEqual(expected);
  try {
    const { active, queue, leases, delayed, limbo, job: jobKey } = createKeys();
    const pending = async () => {
      const sets = [leases, delayed, limbo].map((key) => redis.zcard(key));
      return Promise.all([redis.scard(active), redis.llen(queue), ...sets]);
    };
    await settled(pending, [0, 0, 0, 0, 0]);
    expect((await redis.keys(jobKey('*'))).sort()).toEqual(ids.map(jobKey).sort());
  } finally {
    redis.disconnect();
  }
  await settled(async () => (await storedFiles(sluice.dataDir)).sort(), [...ids].sort());
  const chunks = jobs.reduce((sum, { result }) => sum + (result?.chunk_count ?? 0), 0);
  await settled(() => chunksInChroma(sluice.chromaUrl), chunks);
  await settled(() => filesIn(join(sluice.dataDir, 'processor')), []);
  return jobs;
}

function endOf({ status }: Job): Partial<Job> {
  if (status === 'completed') return { status, progress: 100, result: expect.anything() as Job['result'] };
  const words = expect.stringMatching(/^[A-Z].*\.$/) as string;
  return { status: 'failed', error: words, error_code: expect.any(String) as string };
}

async function chunksInChroma(url: string): Promise<number> {
  const { hostname, port } = new URL(url);
  const client = new ChromaClient({ host: hostname, port: Number(port) });
  const counts = (await client.listCollections()).map((collection) => collection.count());
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}
