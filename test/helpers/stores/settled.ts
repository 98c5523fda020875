import { readdirSync, readlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ChromaClient } from 'chromadb';
import { Redis } from 'ioredis';
import { expect } from 'vitest';

import { outcomeOf, type Job } from '../../../src/contract/job.ts';
import { createKeys, DEFAULT_TENANT, INSTALLATIONS } from '../../../src/redis/keys.ts';
import { processorChildren } from '../processors/processor-children.ts';
import type { TestSluice } from '../servers/sluice.ts';
import { storedFiles } from '../clients/uploads.ts';

/** What follows a job's end is no part of it, but comes at once. */
const SETTLES_MS = 60_000;
/** Log lines of a sweep that repaired something. Without a lost process there is nothing to repair. */
const REPAIRED =
  /repaired jobs|took jobs back|has lost|was cut off|no store explains|was missing|that are not live|miss chunks|does not know/;

const keys = createKeys();
/** What Redis holds whatever has become of the jobs. */
const LASTING: ReadonlySet<string> = new Set([
  keys.offset,
  keys.epoch,
  keys.server,
  keys.swept,
  keys.reconciled,
  keys.reconciling,
  keys.compared,
  keys.looked,
  keys.orphans,
  keys.outcomes,
  keys.recovered,
  keys.counted,
  keys.edited,
  keys.counting,
  keys.durations,
  keys.changed,
  keys.costs,
  keys.recent,
  keys.cleanup,
  keys.tombstones,
  keys.installation,
  keys.storeInUse,
  keys.probe,
  INSTALLATIONS,
]);

/**
 * Looks from outside whether all work is over, nothing lost and nothing left, without giving a sweep time to repair it:
 * every upload is a job that has ended, by a code where it failed; Redis holds these, the documents of those that were
 * completed, and nothing that waits or runs; each upload's original is there, its manifest beside it, its end noted, and nothing
 * else; Chroma holds the chunks of what was completed, each once, and of others only what is noted to be deleted;
 * no process has a file open, and the processor's folder is empty.
 * @param ids of all uploads ever made
 */
export async function expectSettled(sluice: TestSluice, ids: readonly string[]): Promise<Job[]> {
  const jobs = await Promise.all(ids.map((id) => sluice.job(id)));
  for (const job of jobs) expect(job).toEqual(expect.objectContaining(endOf(job)));
  const redis = new Redis(sluice.redisUrl);
  try {
    await expectNothingPending(redis, jobs);
    expect(await missingOrOrphanChunks(sluice.chromaUrl, redis, jobs)).toEqual([]);
  } finally {
    redis.disconnect();
  }
  const settled = (look: () => unknown) => expect.poll(look, { timeout: SETTLES_MS });
  const originals = ids.flatMap((id) => [id, `${id}.json`]).sort();
  await settled(async () => (await storedFiles(sluice.dataDir)).sort()).toEqual(originals);
  const ended = jobs.map((job) => `${job.id}.${outcomeOf(job)}.json`).sort();
  await settled(async () => (await filesIn(join(sluice.dataDir, 'blobs', '.ends'))).sort()).toEqual(ended);
  const folder = join(sluice.dataDir, 'processor');
  await settled(() => filesIn(folder)).toEqual([]);
  const roles = await sluice.rolePids();
  const pids = () => [...roles, ...roles.flatMap((pid) => processorChildren(pid))];
  const uploads = [folder, join(sluice.dataDir, 'blobs', DEFAULT_TENANT)];
  await settled(() => pids().flatMap((pid) => openFiles(pid, uploads))).toEqual([]);
  expect(sluice.output()).not.toMatch(REPAIRED);
  return jobs;
}

function endOf({ status }: Job): Partial<Job> {
  if (status === 'completed') return { status, progress: 100, result: expect.anything() as Job['result'] };
  // The one that is no sentence is as the documented failure has it.
  const words = expect.stringMatching(/^[A-Z].*(?:\.|timeout after [\d.]+s)$/) as string;
  return { status: 'failed', error: words, error_code: expect.any(String) as string };
}

/** What a job's end takes out of Redis it takes out with the same script that says so. */
async function expectNothingPending(redis: Redis, jobs: readonly Job[]): Promise<void> {
  const { active, queue, leases, delayed, limbo, recent } = keys;
  const pending = {
    active: await redis.smembers(active),
    queue: await redis.lrange(queue, 0, -1),
    leases: await redis.zrange(leases, '0', '-1'),
    delayed: await redis.zrange(delayed, '0', '-1'),
    limbo: await redis.zrange(limbo, '0', '-1'),
  };
  expect(pending).toEqual({ active: [], queue: [], leases: [], delayed: [], limbo: [] });
  const ids = jobs.map(({ id }) => id).sort();
  expect((await redis.zrange(recent, '0', '-1')).sort()).toEqual(ids);

  const documents = jobs.flatMap(({ result }) => result ?? []);
  const lists = documents.flatMap(({ collection }) => [
    keys.documents(DEFAULT_TENANT),
    keys.documentsIn(DEFAULT_TENANT, collection),
    keys.collections(DEFAULT_TENANT),
    keys.counts(DEFAULT_TENANT, collection),
  ]);
  const known = [...ids.map(keys.job), ...documents.map(({ document_id }) => keys.document(document_id))];
  const ofDocuments = new RegExp(`^${keys.linePrefix}[^:]+:documents?$`);
  const found = (await redis.keys('*')).filter(
    (key) => !LASTING.has(key) && !key.startsWith(keys.grant('')) && !ofDocuments.test(key),
  );
  expect(found.sort()).toEqual([...known, ...new Set(lists)].sort());
}

/** The chunks that are missing, and those that belong to nothing and will never be deleted. */
async function missingOrOrphanChunks(url: string, redis: Redis, jobs: readonly Job[]): Promise<string[]> {
  const missing = new Set<string>();
  for (const { result } of jobs) {
    if (!result) continue;
    const generation = await redis.hget(keys.document(result.document_id), 'generation');
    for (let index = 0; index < result.chunk_count; index++)
      missing.add(`${result.document_id}:${generation}:${index}`);
  }
  const dead = (await redis.zrange(keys.cleanup, '0', '-1')).map((entry) => {
    const [, , document, generation] = JSON.parse(entry) as string[];
    return `${document}:${generation}:`;
  });
  const { hostname, port } = new URL(url);
  const client = new ChromaClient({ host: hostname, port: Number(port) });
  const collections = await client.listCollections();
  const ids = (await Promise.all(collections.map((found) => found.get({ include: [] })))).flatMap(
    (found) => found.ids,
  );
  const orphans = ids.filter((id) => !missing.delete(id) && !dead.some((prefix) => id.startsWith(prefix)));
  return [...orphans, ...missing];
}

/** Lists the files of a folder, at any depth. The language data of a processor stay for as long as it. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('/ocr'))
    .map(({ name }) => name);
}

/** The files of these folders that a process has open, whether they are still there or removed. */
function openFiles(pid: number, folders: readonly string[]): string[] {
  return readdirSync(`/proc/${pid}/fd`)
    .map((fd) => linkOf(`/proc/${pid}/fd/${fd}`))
    .filter((path) => folders.some((folder) => path.startsWith(`${folder}/`)));
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // It has just been closed.
    return '';
  }
}
