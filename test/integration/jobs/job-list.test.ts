import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import type { Stats } from '../../../src/contract/jobs.ts';
import type { UploadAccepted } from '../../../src/contract/upload.ts';
import { listJobs } from '../../../src/jobs/reads/job-list.ts';
import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import {
  accepted,
  api,
  cancelAsBefore,
  claim,
  get,
  keys,
  post,
  queue,
  redis,
  upload,
  useJobControl,
} from '../../helpers/stores/job-control.ts';

useJobControl();

test('jobs are listed newest first, by status and collection, page by page', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 7; i++) {
    const response = await upload(`${i}`, {}, { collection: i % 2 ? 'odd' : 'even' });
    ids.unshift(((await response.json()) as UploadAccepted).job_id);
    // Jobs of one millisecond are listed by their ids.
    await sleep(2);
  }
  await queue.fail(await claim(), { message: 'x', error: 'x', errorCode: 'corrupt' });
  await post(`/api/jobs/${ids[0]}/cancel`);
  await cancelAsBefore(ids[1]!);
  type List = { jobs: Job[]; next_cursor?: string };
  const listed: string[] = [];
  for (let cursor = ''; ;) {
    const page = await get<List>(`/api/jobs?limit=3${cursor}`);
    listed.push(...page.jobs.map(({ id }) => id));
    if (page.next_cursor === undefined) break;
    cursor = `&cursor=${page.next_cursor}`;
  }
  expect(listed).toEqual(ids);
  const withStatus = async (status: string) =>
    (await get<List>(`/api/jobs?status=${status}`)).jobs.map(({ id }) => id);
  expect(await withStatus('cancelled')).toEqual([ids[0], ids[1]]);
  expect(await withStatus('failed')).toEqual([ids[0], ids[1], ids[6]]);
  expect((await get<List>('/api/jobs?collection=odd')).jobs.length).toBe(3);
  expect((await fetch(`${api.url}/api/jobs?cursor=nobody`)).status).toBe(400);
  expect((await fetch(`${api.url}/api/jobs?limit=0`)).status).toBe(400);
  expect((await fetch(`${api.url}/api/jobs?status=asleep`)).status).toBe(400);
});

test('jobs that are made while a page is read do not make others come twice', async () => {
  const payload = { filename: 'a', collection: 'default', file_key: 'default/a' } as JobPayload;
  const make = (from: number, count: number) =>
    Promise.all(Array.from({ length: count }, (_, i) => queue.enqueue(`${from + i}`, 'default', payload)));
  await make(0, 250);
  class BusyStore extends JobStore {
    override async readAll(ids: readonly string[]) {
      const states = await super.readAll(ids);
      await make(1000, 5);
      return states;
    }
  }
  const services = { redis: redis.client, keys, store: new BusyStore(redis.client, keys) };
  const { states } = await listJobs('default', { limit: 1000 }, services);
  expect(states.map(({ id }) => id).sort()).toEqual(Array.from({ length: 250 }, (_, i) => `${i}`).sort());
});

test('a page that ends because it has looked at enough goes on where it stopped, whatever is made meanwhile', async () => {
  const note = (from: number, count: number) =>
    redis.client.zadd(
      keys.recent,
      ...Array.from({ length: count }, (_, i) => [from + i, `x${from + i}`]).flat(),
    );
  const id = await accepted();
  await note(1, 5100);
  await redis.client.zadd(keys.recent, 1325.5, id);
  let made = 10_000;
  class BusyStore extends JobStore {
    override async readAll(ids: readonly string[]) {
      await note((made += 50), 50);
      return super.readAll(ids);
    }
  }
  const services = { redis: redis.client, keys, store: new BusyStore(redis.client, keys) };
  const first = await listJobs('default', { limit: 10 }, services);
  const second = await listJobs('default', { limit: 10, cursor: first.nextCursor! }, services);
  expect([...first.states, ...second.states].map((state) => state.id)).toEqual([id]);
  expect(second.nextCursor).toBeUndefined();
});

test('statistics that another program has spoilt, or that are gone, are not shown', async () => {
  const times = async () => {
    const response = await fetch(`${api.url}/metrics`);
    expect(response.status).toBe(200);
    return [...(await response.text()).matchAll(/^sluice_processing_seconds\{.*\} (.*)$/gm)].map(
      ([, at]) => at,
    );
  };
  await redis.client.lpush(keys.durations, 5000, 'spoilt');
  await redis.client.hset(keys.outcomes, 'completed', 'spoilt');
  expect(await get<Stats>('/api/stats')).toMatchObject({ completed: 0, processing_time_ms: { p50: 5000 } });
  expect(await times()).toEqual(['5', '5', '5']);
  // Two runs took 40 ms to read, 60 to embed and 20 to store.
  await redis.client.set(keys.costs, '1 60 2 100 40 10 60 20');
  expect((await get<Stats>('/api/stats')).stage_ms).toEqual({ parse: 20, embed: 30, store: 10 });
  await redis.client.del(keys.costs);
  await redis.client.sadd(keys.costs, 'spoilt');
  expect((await get<Stats>('/api/stats')).stage_ms).toBeUndefined();
  await redis.client.flushall();
  expect(await times()).toEqual([]);
});

test('the statistics count what happened', async () => {
  const cancelled = await accepted();
  expect((await post(`/api/jobs/${cancelled}/cancel`)).status).toBe(200);
  for (let i = 0; i < 4; i++) await accepted();
  const done = await claim();
  await queue.complete(done, {
    documentId: done.id,
    tenant: 'default',
    collection: 'default',
    chunkCount: 1,
    fields: { id: done.id },
  });
  await queue.fail(await claim(), { message: 'x', error: 'x', errorCode: 'corrupt' });
  await claim();
  const stats = await get<Stats>('/api/stats');
  expect(stats).toMatchObject({
    queue_depth: 1,
    in_flight: 1,
    active: 2,
    completed: 1,
    failed: 1,
    cancelled: 1,
    success_rate: 0.5,
  });
  expect(stats.processing_time_ms?.p50).toBeGreaterThanOrEqual(0);
  expect(stats.oldest_waiting_ms).toBeGreaterThanOrEqual(0);
  const metrics = await (await fetch(`${api.url}/metrics`)).text();
  expect(metrics).toContain('sluice_queue_depth 1\n');
  for (const outcome of ['completed', 'failed', 'cancelled'])
    expect(metrics).toContain(`sluice_runs_ended_total{status="${outcome}"} 1\n`);
  for (const line of metrics.split('\n').filter(Boolean))
    expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"\})? [\d.e+-]+)$/);
});
