import { beforeAll, describe, expect, test } from 'vitest';

import { readEvents } from '../../../client/sdk/link/read-events.ts';
import type { JobList } from '../../../src/contract/jobs.ts';
import type { ServerMessage } from '../../../src/contract/messages.ts';
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

/** Opens a stream, and collects its messages until the test ends. */
async function open(query: string) {
  const abort = new AbortController();
  const response = await fetch(`${node.url}/api/events?${query}`, { signal: abort.signal });
  const messages: ServerMessage[] = [];
  const read = async () => {
    for await (const data of readEvents(response.body, () => {}))
      messages.push(JSON.parse(data) as ServerMessage);
  };
  const ended = read().catch(() => {});
  const until = (type: ServerMessage['type'], count = 1) =>
    expect
      .poll(() => messages.filter((message) => message.type === type).length, { timeout: 30_000 })
      .toBeGreaterThanOrEqual(count);
  return {
    response,
    messages,
    until,
    states: () =>
      messages.flatMap((message) =>
        message.type === 'snapshot' || message.type === 'update'
          ? message.jobs.map(({ id, status }) => `${id} ${status}`)
          : [],
      ),
    close: async () => {
      abort.abort();
      await ended;
    },
  };
}

describe('a stream of many jobs', () => {
  test('begins with all of them, and brings each change and each end', async () => {
    const [first, second] = await jobs.claimAll(ids(2));
    const stream = await open(`jobs=${first!.id},no-such-job,${second!.id}`);
    await stream.until('error');
    expect(stream.messages.map(({ type }) => type)).toEqual(['welcome', 'snapshot', 'error']);
    expect(stream.messages[2]).toMatchObject({ id: 1, code: 'job_not_found', jobs: ['no-such-job'] });
    await jobs.fail(first!);
    await jobs.complete(second!);
    await expect.poll(stream.states, { timeout: 30_000 }).toContain(`${second!.id} completed`);
    expect(stream.states()).toContain(`${first!.id} failed`);
    await stream.close();
  });

  test('of the active ones tells who comes, ends and leaves', async () => {
    const [before] = await jobs.claimAll(ids(1));
    const stream = await open('channel=active');
    await stream.until('snapshot');
    const [after] = await jobs.claimAll(ids(1));
    await jobs.complete(after!);
    await jobs.fail(before!);
    await stream.until('gone');
    await expect
      .poll(() => stream.messages.flatMap((message) => (message.type === 'gone' ? message.jobs : [])))
      .toEqual(expect.arrayContaining([after!.id, before!.id]));
    const ends = stream
      .states()
      .filter((state) => !state.endsWith('processing') && !state.endsWith('queued'));
    expect(ends).toEqual(expect.arrayContaining([`${after!.id} completed`, `${before!.id} failed`]));
    await stream.close();
  });

  test('says that it is stale while Redis is away, and brings what has changed', async () => {
    const [job] = await jobs.claimAll(ids(1));
    const stream = await open(`jobs=${job!.id}`);
    await stream.until('snapshot');
    await redis.kill();
    await stream.until('stale');
    await redis.start();
    await stream.until('live');
    await jobs.fail(job!);
    await expect.poll(stream.states, { timeout: 30_000 }).toContain(`${job!.id} failed`);
    await stream.close();
  });

  test.each([
    ['', 'Name jobs, a channel, or both'],
    ['channel=stats', 'channel'],
    ['jobs=a&lastevent=1', 'lastEventId'],
  ])('is refused in words for ?%s', async (query, words) => {
    const response = await get(`/api/events?${query}`);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { detail: string }).detail).toContain(words);
  });
});
