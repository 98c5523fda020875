import { beforeAll, describe, expect, test } from 'vitest';

import type { JobList } from '../../../src/contract/jobs.ts';
import { untilReady } from '../../helpers/servers/roles.ts';
import { useRedis, useRoles } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';

const redis = useRedis();
const node = useRoles(['api'], () => ({ REDIS_URL: redis.url }));
const jobs = new TestJobs(redis);
beforeAll(() => untilReady(node.url));

let made = 0;
const ids = (count: number) => Array.from({ length: count }, () => `many-${++made}`);
const get = (path: string, headers: Record<string, string> = {}) => fetch(node.url + path, { headers });

describe('a read that names its jobs', () => {
  test('has them in its order and in the bytes of single reads, without those that are unknown', async () => {
    const [a = '', b = '', c = ''] = ids(3);
    await jobs.enqueue([a, b, c]);
    const response = await get(`/api/jobs?ids=${c},no-such-job,${a},${c}`);
    const single = await Promise.all([c, a].map(async (id) => (await get(`/api/jobs/${id}`)).text()));
    expect(await response.text()).toBe(`{"jobs":[${single.join(',')}]}`);
  });

  test('costs a 304 until one of them changes', async () => {
    const [job] = await jobs.claimAll(ids(1));
    const path = `/api/jobs?ids=${job!.id}`;
    const tag = (await get(path)).headers.get('etag')!;
    const epoch = (await get(`/api/jobs/${job!.id}`)).headers.get('etag')!.split('-')[0];
    expect(tag.startsWith(`${epoch}-`)).toBe(true);
    expect((await get(path, { 'if-none-match': tag })).status).toBe(304);
    await jobs.step(job!, 50);
    const changed = await get(path, { 'if-none-match': `W/${tag}` });
    expect([changed.status, ((await changed.json()) as JobList).jobs[0]?.progress]).toEqual([200, 50]);
  });

  test.each([
    ['ids=', 'must not be empty'],
    [`ids=${Array.from({ length: 201 }, (_, i) => i).join(',')}`, 'at most 200'],
    ['ids=a&status=failed', 'status'],
  ])('is refused in words for ?%s', async (query, words) => {
    const response = await get(`/api/jobs?${query}`);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { detail: string }).detail).toContain(words);
  });
});
