import { beforeEach, describe, expect, test } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import type { JobSort } from '../../../src/contract/jobs.ts';
import type { JobPayload } from '../../../src/jobs/model/job-payload.ts';
import { listJobs } from '../../../src/jobs/reads/job-list.ts';
import { JobStore } from '../../../src/jobs/reads/job-store.ts';
import {
  api,
  cancelAsBefore,
  claim,
  get,
  keys,
  queue,
  redis,
  useJobControl,
} from '../../helpers/stores/job-control.ts';

useJobControl({ MAX_REQUESTS_PER_SECOND: '100000' });

interface List {
  jobs: Job[];
  next_cursor?: string;
  total?: number;
  total_at_least?: number;
}

async function make(id: string, filename = 'a.pdf', collection = 'papers', tenant = 'default') {
  await queue.enqueue(id, tenant, { filename, collection, file_key: `default/${id}` } as JobPayload);
}
/** Makes a job that was made at this second of a minute, as a job of 900 ms later. */
async function makeAt(second: number, ...rest: Parameters<typeof make>) {
  await make(...rest);
  const ms = Date.UTC(2026, 10, 28, 20, 36, second);
  await redis.client.zadd(keys.recent, ms + 900, rest[0]);
  await redis.client.hset(keys.job(rest[0]), 'created_at', new Date(ms).toISOString().replace('.000', ''));
}
const at = (second: number | string) => `2026-11-28T20:36:${second}Z`;
const failure = { message: 'x', error: 'x' };

describe('of jobs in every state', () => {
  beforeEach(async () => {
    await makeAt(10, 'completed');
    const held = await claim();
    const document = { documentId: held.id, tenant: 'default', collection: 'papers', chunkCount: 1 };
    await queue.complete(held, { ...document, fields: { id: held.id } });
    await makeAt(11, 'corrupt');
    await queue.fail(await claim(), { ...failure, errorCode: 'corrupt' });
    await makeAt(12, 'encrypted', 'b.pdf');
    await queue.fail(await claim(), { ...failure, errorCode: 'encrypted' });
    await makeAt(13, 'retrying', 'b.pdf', 'mails');
    await queue.retry(await claim(), 60_000, { error: 'x', errorCode: 'corrupt' });
    await makeAt(14, 'processing', 'ä, "b".pdf');
    await claim();
    await makeAt(15, 'cancelled', 'b.pdf', 'mails');
    await queue.cancel('cancelled');
    await makeAt(16, 'cancelled-before');
    await cancelAsBefore('cancelled-before');
    await makeAt(17, 'queued', 'B.pdf', 'mails');
    await makeAt(17, 'theirs', 'b.pdf', 'mails', 'other');
  });

  const CASES: [query: string, ids: string][] = [
    ['', 'queued cancelled-before cancelled processing retrying encrypted corrupt completed'],
    ['status=queued', 'queued'],
    ['status=queued,processing,retrying', 'queued processing retrying'],
    ['status=failed', 'cancelled-before cancelled encrypted corrupt'],
    ['status=cancelled', 'cancelled-before cancelled'],
    ['status=cancelled,failed', 'cancelled-before cancelled encrypted corrupt'],
    ['status=completed,cancelled', 'cancelled-before cancelled completed'],
    ['error_code=corrupt', 'retrying corrupt'],
    ['error_code=encrypted,cancelled', 'cancelled-before cancelled encrypted'],
    ['error_code=unknown', ''],
    ['collection=mails', 'queued cancelled retrying'],
    ['filename=b.pdf', 'cancelled retrying encrypted'],
    [`filename=${encodeURIComponent('ä, "b".pdf')}`, 'processing'],
    [`created_after=${at(16)}`, 'queued cancelled-before'],
    [`created_after=${at('15.001')}`, 'queued cancelled-before'],
    [`created_before=${at(12)}`, 'corrupt completed'],
    [`created_before=${at('11.001')}`, 'corrupt completed'],
    [`created_after=${at(13)}&created_before=${at(14)}`, 'retrying'],
    [`created_after=${at(14)}&created_before=${at(13)}`, ''],
    ['status=failed&error_code=corrupt', 'corrupt'],
    ['status=failed,retrying&filename=b.pdf&collection=mails', 'cancelled retrying'],
    [`status=failed&created_after=${at(12)}&created_before=${at(16)}`, 'cancelled encrypted'],
    [
      `status=cancelled&error_code=cancelled&collection=mails&filename=b.pdf&created_after=${at(15)}`,
      'cancelled',
    ],
    [`status=failed&error_code=corrupt&filename=b.pdf`, ''],
  ];

  test('each filter selects by itself, and all together, in both orders and page by page', async () => {
    for (const [query, ids] of CASES) {
      const expected = ids.split(' ').filter(Boolean);
      expect([query, await listed(query)]).toEqual([query, expected]);
      expect([query, await listed(`${query}&sort=newest`, 2)]).toEqual([query, expected]);
      expect([query, await listed(`${query}&sort=oldest`)]).toEqual([query, expected.toReversed()]);
      expect([query, await listed(`${query}&sort=oldest`, 1)]).toEqual([query, expected.toReversed()]);
    }
  });

  test('the total counts the jobs of all pages, if asked', async () => {
    for (const [query, ids] of CASES) {
      const total = ids.split(' ').filter(Boolean).length;
      const page = await get<List>(`/api/jobs?${query}&limit=1&total=true`);
      expect([query, page.total, page.total_at_least]).toEqual([query, total, undefined]);
      if (page.next_cursor === undefined) continue;
      const next = await get<List>(`/api/jobs?${query}&limit=1&total=true&cursor=${page.next_cursor}`);
      expect([query, next.total]).toEqual([query, total]);
    }
    expect(await get<List>('/api/jobs?total=false')).not.toHaveProperty('total');
  });

  test('a list without the new parameters is the stored job views, byte for byte', async () => {
    const text = async (path: string) => (await fetch(api.url + path)).text();
    const jobs = await Promise.all(['queued', 'cancelled-before'].map((id) => text(`/api/jobs/${id}`)));
    expect(await text('/api/jobs?limit=2')).toBe(
      `{"jobs":[${jobs.join(',')}],"next_cursor":"cancelled-before"}`,
    );
    expect(await text('/api/jobs?status=queued')).toBe(`{"jobs":[${jobs[0]}]}`);
  });
});

test('a job that changes while a page is read does not come under its old status', async () => {
  for (const id of ['first', 'second', 'third']) await make(id);
  class BusyStore extends JobStore {
    override async readAll(...asked: Parameters<JobStore['readAll']>) {
      await queue.claim(2);
      return super.readAll(...asked);
    }
  }
  const services = { redis: redis.client, keys, store: new BusyStore(redis.client, keys) };
  const { states } = await listJobs('default', { limit: 3, status: ['queued'] }, services);
  expect(states.map(({ id }) => id)).toEqual(['third']);
});

test('a filter that the api does not know is refused', async () => {
  for (const query of ['status=asleep', 'status=queued,asleep', 'sort=name', 'created_after=today'])
    expect([query, (await fetch(`${api.url}/api/jobs?${query}`)).status]).toEqual([query, 400]);
});

describe.each<JobSort>(['newest', 'oldest'])('the %s first', (sort) => {
  test('each job comes once while a client pages and others upload', async () => {
    const ids = Array.from({ length: 120 }, (_, i) => `job-${String(i).padStart(3, '0')}`);
    for (const id of ids) await make(id);
    const expected = sort === 'newest' ? ids.toReversed() : ids;
    for (const filter of ['', '&collection=papers&status=queued']) {
      const found: string[] = [];
      let made = 0;
      const more = () => Promise.all(Array.from({ length: 5 }, () => make(`${filter}${made++}`, 'late.pdf')));
      for (let cursor = ''; ;) {
        const page = get<List>(`/api/jobs?limit=25&sort=${sort}${filter}${cursor}`);
        const [{ jobs, next_cursor }] = await Promise.all([page, more()]);
        found.push(...jobs.map(({ id }) => id));
        if (next_cursor === undefined) break;
        cursor = `&cursor=${encodeURIComponent(next_cursor)}`;
      }
      expect(new Set(found).size).toBe(found.length);
      expect(found.filter((id) => ids.includes(id))).toEqual(expected);
    }
  });

  test('no job is missing because others expire while a page is read', async () => {
    const ids = Array.from({ length: 700 }, (_, i) => `job-${String(i).padStart(3, '0')}`);
    await Promise.all(ids.map((id) => make(id)));
    const read: string[] = [];
    class ExpiringStore extends JobStore {
      override async readAll(...asked: Parameters<JobStore['readAll']>) {
        const states = await super.readAll(...asked);
        const expired = read.splice(0);
        if (expired.length > 0) await redis.client.zrem(keys.recent, ...expired);
        read.push(...asked[0]);
        return states;
      }
    }
    const services = { redis: redis.client, keys, store: new ExpiringStore(redis.client, keys) };
    const { states } = await listJobs('default', { limit: 1000, sort }, services);
    expect(states.map(({ id }) => id).toSorted()).toEqual(ids);
  });

  test('jobs of one millisecond come once, whatever page they are on', async () => {
    const ids = Array.from({ length: 450 }, (_, i) => `job-${String(i).padStart(3, '0')}`);
    await Promise.all(ids.map((id) => make(id)));
    await redis.client.zadd(keys.recent, ...ids.flatMap((id) => [1000, id]));
    const expected = sort === 'newest' ? ids.toReversed() : ids;
    expect(await listed(`sort=${sort}`, 100)).toEqual(expected);
    expect(await listed(`sort=${sort}&status=queued`, 225)).toEqual(expected);
  });
});

test('a count that has looked at 100,000 jobs says so, and a page at 5,000 goes on', async () => {
  await makeAt(10, 'oldest');
  const now = Date.now();
  for (let from = 0; from < 100_000; from += 10_000) {
    const expired = Array.from({ length: 10_000 }, (_, i) => [now + from + i, `expired-${from + i}`]);
    await redis.client.zadd(keys.recent, ...expired.flat());
  }
  await make('newest');
  await redis.client.zadd(keys.recent, now + 200_000, 'newest');
  const page = await get<List>('/api/jobs?collection=papers&total=true');
  expect(page).toMatchObject({ jobs: [{ id: 'newest' }], next_cursor: 'expired-95001', total_at_least: 1 });
  expect(page).not.toHaveProperty('total');
  const dated = await get<List>(`/api/jobs?collection=papers&total=true&created_before=${at(11)}`);
  expect(dated).toMatchObject({ jobs: [{ id: 'oldest' }], total: 1 });
});

async function listed(query: string, limit = 50): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = ''; ;) {
    const page = await get<List>(`/api/jobs?${query}&limit=${limit}${cursor}`);
    ids.push(...page.jobs.map(({ id }) => id));
    if (page.next_cursor === undefined) return ids;
    cursor = `&cursor=${page.next_cursor}`;
  }
}
