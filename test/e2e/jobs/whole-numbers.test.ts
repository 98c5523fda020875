import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { isTerminal, type Job } from '../../../src/contract/job.ts';
import { decodeGoJob } from '../../fixtures/go-job.ts';
import { TestClient } from '../../helpers/clients/ws.ts';
import { useEmbeddings, useSluice } from '../../helpers/servers/use.ts';

let redis: Redis;

const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));

beforeAll(async () => {
  redis = new Redis(sluice.redisUrl);
});
afterAll(async () => {
  redis?.disconnect();
});

/** Lists the numbers that an integer decoder rejects, as `path: number`. */
function fractions(value: unknown, path = ''): string[] {
  if (typeof value === 'number') return Number.isInteger(value) ? [] : [`${path}: ${value}`];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => fractions(inner, `${path}.${key}`));
}

test('only the fraction of a job has decimals, on every transport', async () => {
  embedder.delayMs = 100;
  const text = Array.from({ length: 500 }, (_, i) => `Sentence ${i} is about the number ${i * 7}.`).join(' ');
  const file = new File([text], 'numbers.txt');
  const { job_id } = await sluice.upload(file, { chunk_size: '64', chunk_overlap: '0' });
  const watcher = new TestClient(`${sluice.url}/ws?job=${job_id}`);
  const events = fetch(`${sluice.url}/api/jobs/${job_id}/events`).then((response) => response.text());

  const get = async <T>(path: string) => (await (await fetch(sluice.url + path)).json()) as T;
  const polled: Job[] = [];
  const stored: Record<string, string>[] = [];
  do {
    polled.push(await get<Job>(`/api/jobs/${job_id}`));
    polled.push(...(await get<{ jobs: Job[] }>('/api/jobs')).jobs);
    polled.push(await get<Job>(`/jobs/${job_id}/status`));
    stored.push(await redis.hgetall(`job:${job_id}`));
    await sleep(20);
  } while (!isTerminal(polled.at(-1)!.status));
  await watcher.closed;
  const pushed = watcher.states(job_id);
  const streamed = [...(await events).matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json!) as Job);

  for (const states of [polled, pushed, streamed]) {
    expect(states.flatMap((job) => fractions({ ...job, fraction: 0 }))).toEqual([]);
    for (const job of states) expect(decodeGoJob(JSON.stringify(job)).progress).toBe(job.progress);
    for (const { fraction, progress } of states) expect(Math.floor(fraction * 100 + 1e-9)).toBe(progress);
    const moves = states.map(({ fraction }) => fraction);
    expect(moves).toEqual(moves.toSorted((a, b) => a - b));
    expect(states.at(-1)).toMatchObject({ status: 'completed', progress: 100, fraction: 1 });
    // Without such moves the test would prove nothing.
    expect(states.some(({ fraction, progress }) => fraction * 100 > progress + 1e-9)).toBe(true);
  }
  for (const { progress, fraction } of stored) {
    expect(progress).toMatch(/^\d+$/);
    expect(fraction).toMatch(/^[01](\.\d{1,4})?$/);
  }
}, 300_000);
