import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, expect, test } from 'vitest';

import type { ClaimedJob } from '../../../src/jobs/model/claimed-job.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { metric } from '../../helpers/servers/gateway-node.ts';
import { startTestRoles, untilReady } from '../../helpers/servers/roles.ts';
import { useRedis, useRoles } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';
import { TestClient } from '../../helpers/clients/ws.ts';

const keys = createKeys();

const redis = useRedis();
const node = useRoles(['api', 'gateway'], () => ({ REDIS_URL: redis.url }));
const jobs = new TestJobs(redis);

beforeAll(() => untilReady(node.url));
let tests = 0;
let id: string;
afterEach(() => tests++);

function claim(): Promise<ClaimedJob> {
  id = `job-${tests}`;
  return jobs.claim(id);
}
const get = (path: string, headers: Record<string, string> = {}) => fetch(node.url + path, { headers });
const progressOf = async (response: Promise<Response>) =>
  ((await (await response).json()) as { progress: number }).progress;
const tagOf = (response: Response) => response.headers.get('etag')!;

test('an unchanged job costs a 304, and says when to come again while it is active', async () => {
  const job = await claim();
  const first = await get(`/api/jobs/${id}`);
  const again = await get(`/api/jobs/${id}`, { 'if-none-match': tagOf(first) });
  expect([again.status, await again.text(), again.headers.get('retry-after')]).toEqual([304, '', '2']);
  // A proxy that compresses makes a tag weak.
  expect((await get(`/api/jobs/${id}`, { 'if-none-match': `W/${tagOf(first)}` })).status).toBe(304);
  await jobs.fail(job);
  const ended = await get(`/api/jobs/${id}`, { 'if-none-match': tagOf(first) });
  expect([ended.status, ended.headers.get('retry-after')]).toEqual([200, null]);
});

test('If-None-Match takes many tags, and any', async () => {
  await claim();
  const tag = tagOf(await get(`/api/jobs/${id}`));
  const statuses = async (header: string) =>
    (await get(`/api/jobs/${id}`, { 'if-none-match': header })).status;
  expect(await Promise.all([`"other-1", ${tag}`, '*', '"other-1", "other-2"'].map(statuses))).toEqual([
    304, 304, 200,
  ]);
});

test('?wait= answers with the change when it comes, and with 304 when the time is up', async () => {
  const job = await claim();
  const first = await get(`/api/jobs/${id}`);
  const waiting = get(`/api/jobs/${id}?wait=25`, { 'if-none-match': tagOf(first) });
  // No event tells that the server holds the poll.
  await sleep(100);
  await jobs.step(job, 61);
  const changed = await waiting;
  expect(await changed.json()).toMatchObject({ progress: 61 });
  const late = await get(`/api/jobs/${id}?wait=1`, { 'if-none-match': tagOf(changed) });
  expect([late.status, tagOf(late)]).toEqual([304, tagOf(changed)]);
});

test('?wait= answers at once without a tag, with another one, and for a job that has ended', async () => {
  const job = await claim();
  const responses = [
    await get(`/api/jobs/${id}?wait=50`),
    await get(`/api/jobs/${id}?wait=50`, { 'if-none-match': '"other-1"' }),
  ];
  await jobs.fail(job);
  const ended = await get(`/api/jobs/${id}`);
  responses.push(await get(`/api/jobs/${id}?wait=50`, { 'if-none-match': tagOf(ended) }));
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 304]);
});

test.each(['-1', '1.5', 'soon', '56', ''])('?wait=%s is refused in words', async (wait) => {
  await claim();
  const response = await get(`/api/jobs/${id}?wait=${wait}`);
  expect([response.status, await response.json()]).toMatchObject([400, { code: 'invalid_request' }]);
});

test('a job that is deleted while somebody waits is a 404', async () => {
  await claim();
  const first = await get(`/api/jobs/${id}`);
  const waiting = get(`/api/jobs/${id}?wait=25`, { 'if-none-match': tagOf(first) });
  // No event tells that the server holds the poll.
  await sleep(100);
  await redis.client.del(keys.job(id));
  // As if an event had been missed: the next canary has everything watched read again.
  await redis.client.incr(keys.offset);
  expect((await waiting).status).toBe(404);
});

test('a thousand pollers of one job cost Redis a few reads an interval, and none sees an older state', async () => {
  const job = await claim();
  const reads = async () => {
    const found = /cmdstat_hgetall:calls=(\d+)/.exec(await redis.client.info('commandstats'));
    return Number(found?.[1] ?? 0);
  };
  const before = await reads();
  for (let round = 0; round < 10; round++) {
    await jobs.step(job, 61 + round);
    // Heard by this node a moment later.
    await expect.poll(() => progressOf(get(`/api/jobs/${id}`))).toBe(61 + round);
    const polls = Array.from({ length: 100 }, () => progressOf(get(`/api/jobs/${id}`)));
    expect(new Set(await Promise.all(polls))).toEqual(new Set([61 + round]));
  }
  // Some 20 on a quiet machine. While the feed's proof is late on a busy one, each poll reads Redis. Unshared, all would.
  expect((await reads()) - before).toBeLessThan(500);
});

test('a job that few poll is read each time: a write by hand is seen at once', async () => {
  await claim();
  await get(`/api/jobs/${id}`);
  await redis.client.hset(keys.job(id), { message: 'by hand' });
  expect(await (await get(`/api/jobs/${id}`)).json()).toMatchObject({ message: 'by hand' });
});

/** Reads a stream of events. @returns the events so far, and what resolves at its end */
function events(response: Response) {
  const heard: { id: string; data: string }[] = [];
  const read = async () => {
    let text = '';
    for await (const bytes of response.body!.pipeThrough(new TextDecoderStream())) {
      text += bytes;
      const found = text.matchAll(/^id: (.*)\ndata: (.*)\n\n/gm);
      heard.splice(0, heard.length, ...[...found].map(([, id, data]) => ({ id: id!, data: data! })));
    }
  };
  return { heard, ended: read() };
}

test('the events of a job: its states in the bytes of polling, until it has ended', async () => {
  const job = await claim();
  const response = await get(`/api/jobs/${id}/events`);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const { heard, ended } = events(response);
  await expect.poll(() => heard.length).toBe(1);
  await jobs.step(job, 70);
  await expect.poll(() => heard.length).toBe(2);
  await jobs.fail(job);
  await ended;
  const states = heard.map(({ data }) => JSON.parse(data) as { version: number; progress: number });
  const versions = states.map(({ version }) => version);
  expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
  expect(states.map(({ progress }) => progress)).toContain(70);
  const polled = await get(`/api/jobs/${id}`);
  const position = `${await redis.client.get('jobs:epoch')}:${await redis.client.get('jobs:offset')}`;
  expect(heard.at(-1)).toEqual({ id: position, data: await polled.text() });
});

test('a client that comes back is spared what it has, and told when nothing more will come', async () => {
  const job = await claim();
  const epoch = await redis.client.get('jobs:epoch');
  const had = `${epoch}:${await redis.client.get('jobs:offset')}`;
  const { heard: states, ended } = events(await get(`/api/jobs/${id}/events`, { 'last-event-id': had }));
  // Long enough for a state to come, which must not.
  await sleep(50);
  await jobs.fail(job);
  await ended;
  expect(states).toHaveLength(1);
  const over = await get(`/api/jobs/${id}/events`, { 'last-event-id': states[0]!.id });
  // Some libraries name it in the address.
  const named = await get(`/api/jobs/${id}/events?lastEventId=${encodeURIComponent(states[0]!.id)}`);
  expect(named.status).toBe(204);
  expect(over.status).toBe(204);
  // It lacks the end, or nobody can tell: the end comes once more.
  for (const lacks of [had, `another:${states[0]!.id.split(':')[1]}`, `${epoch}:0`, 'of an older version']) {
    const { heard, ended: all } = events(await get(`/api/jobs/${id}/events`, { 'last-event-id': lacks }));
    await all;
    expect(heard.map(({ data }) => data)).toEqual([states[0]!.data]);
  }
  expect((await get('/api/jobs/nobody/events')).status).toBe(404);
});

test('who asks for the headers of the events alone leaves nothing behind', async () => {
  await claim();
  const before = await metric(node.url, 'sluice_feed_watches');
  const head = await fetch(`${node.url}/api/jobs/${id}/events`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  expect(await metric(node.url, 'sluice_feed_watches')).toBe(before);
});

test('a server that stops keeps nobody waiting', async () => {
  const env = { REDIS_URL: redis.url, BLOB_STORE: join(node.dataDir, 'blobs') };
  const other = await startTestRoles(['api', 'gateway'], env);
  await untilReady(other.url);
  await claim();
  const first = await fetch(`${other.url}/api/jobs/${id}`);
  const headers = { 'if-none-match': tagOf(first) };
  const waiting = fetch(`${other.url}/api/jobs/${id}?wait=50`, { headers });
  const stream = await fetch(`${other.url}/api/jobs/${id}/events`);
  const client = new TestClient(`${other.url}/ws?job=${id}`);
  await expect.poll(() => client.of('snapshot').length).toBe(1);
  await other.close();
  expect((await waiting).status).toBe(304);
  const { heard, ended } = events(stream);
  await ended;
  expect(heard).toHaveLength(1);
  expect((await client.closed).code).toBe(1012);
  expect(client.of('reconnect')).toHaveLength(1);
});
