import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

import type { BatchView } from '../../../src/contract/batches/batch.ts';
import { outcomeOf, type Job } from '../../../src/contract/job.ts';
import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';

const FILES = 240;
const AT_ONCE = 8;

const embedder = useEmbeddings({ delayMs: 20 });
const sluice = useSluice(() => ({
  env: { EMBEDDINGS_URL: embedder.url, LEASE_MS: '1200', MAX_REQUESTS_PER_SECOND: '100000' },
}));

const get = async <T>(path: string) => {
  const response = await fetch(sluice.url + path);
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
};
const view = () => get<BatchView>('/api/batches/crowd');

/** A file of its own, an empty page that fails, or a copy. */
function fileOf(i: number): File {
  if (i % 12 === 0) return new File([' \n'], `blank-${i}.txt`);
  return new File([`Words of file ${i % 12 === 1 ? 1 : i}.`], i % 12 === 1 ? 'copy.txt' : `${i}.txt`);
}

/** Counts the jobs of the batch as the list shows them. */
async function states(): Promise<Record<string, number>> {
  const { jobs } = await get<{ jobs: Job[] }>('/api/jobs?batch=crowd&limit=1000');
  const counts: Record<string, number> = {};
  for (const job of jobs) {
    const state = outcomeOf(job) ?? job.status;
    counts[state] = (counts[state] ?? 0) + 1;
  }
  return counts;
}

async function untilEnded(): Promise<BatchView> {
  const open = ({ counts }: BatchView) => counts.queued + counts.processing + counts.retrying;
  await expect.poll(async () => open(await view()), { timeout: 150_000, interval: 200 }).toBe(0);
  return view();
}

test('the counts of a batch are the states of its jobs, whatever workers are killed and although Redis lost all', async () => {
  const waiting = Array.from({ length: FILES }, (_, i) => i).values();
  const lane = async () => {
    for (const i of waiting) await sluice.upload(fileOf(i), { batch: 'crowd', collection: 'crowd' });
  };
  const uploads = Promise.all(Array.from({ length: AT_ONCE }, lane));
  for (let kills = 0; kills < 3; kills++) {
    await sleep(600);
    process.kill(await sluice.rolePid('worker'), 'SIGKILL');
  }
  await uploads;
  const first = await untilEnded();
  expect(first).toMatchObject({
    total: FILES,
    counts: { completed: FILES - FILES / 12, failed: FILES / 12, cancelled: 0 },
    failures: { no_text: FILES / 12 },
  });
  expect(first.bytes.done).toBe(first.bytes.total);
  expect(await states()).toEqual({ completed: first.counts.completed, failed: first.counts.failed });

  execFileSync('redis-cli', ['-u', sluice.redisUrl, 'FLUSHALL']);
  await expect
    .poll(async () => (await view().catch(() => undefined))?.total, { timeout: 150_000 })
    .toBe(FILES);
  const again = await untilEnded();
  expect(again).toMatchObject({
    total: FILES,
    counts: first.counts,
    bytes: first.bytes,
    failures: first.failures,
  });
  expect(await states()).toEqual({ completed: first.counts.completed, failed: first.counts.failed });
}, 400_000);
