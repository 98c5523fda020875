import { beforeAll, describe, expect, test } from 'vitest';

import type { ServerMessage } from '../../../src/contract/messages.ts';
import { untilReady } from '../../helpers/servers/roles.ts';
import { useRedis, useRoles } from '../../helpers/servers/use.ts';
import { TestJobs } from '../../helpers/stores/test-jobs.ts';

const redis = useRedis();
const node = useRoles(['api'], () => ({ REDIS_URL: redis.url }));
const jobs = new TestJobs(redis);
beforeAll(() => untilReady(node.url));

let made = 0;
const ids = (count: number) => Array.from({ length: count }, () => `streamed-${++made}`);

interface Event {
  id: string | undefined;
  message: ServerMessage;
}

/** Opens a stream, and collects its events until it is closed. @param since id of the last event of an earlier stream */
async function open(query: string, since?: string) {
  const abort = new AbortController();
  const headers = since === undefined ? {} : { 'last-event-id': since };
  const response = await fetch(`${node.url}/api/events?${query}`, { signal: abort.signal, headers });
  const events: Event[] = [];
  const read = async () => {
    let text = '';
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + piece).split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const id = /^id: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data !== undefined) events.push({ id, message: JSON.parse(data) as ServerMessage });
      }
    }
  };
  const ended = read().catch(() => {});
  const messages = () => events.map(({ message }) => message);
  const until = (type: ServerMessage['type'], count = 1) =>
    expect
      .poll(() => messages().filter((message) => message.type === type).length, { timeout: 30_000 })
      .toBeGreaterThanOrEqual(count);
  return {
    events,
    messages,
    until,
    states: () => messages().flatMap(statesOf),
    /** Id that a browser names after some events. */
    lastId: (count = events.length) => events.slice(0, count).findLast(({ id }) => id !== undefined)?.id,
    close: async () => {
      abort.abort();
      await ended;
    },
  };
}

function statesOf(message: ServerMessage): string[] {
  if (message.type !== 'snapshot' && message.type !== 'update') return [];
  return message.jobs.map(({ id, status }) => `${id} ${status}`);
}

describe('a stream of many jobs', () => {
  test('begins with all of them, and brings each change and each end', async () => {
    const [first, second] = await jobs.claimAll(ids(2));
    const stream = await open(`jobs=${first!.id},no-such-job,${second!.id}`);
    await stream.until('error');
    expect(stream.messages().map(({ type }) => type)).toEqual(['welcome', 'snapshot', 'error']);
    expect(stream.messages()[2]).toMatchObject({ id: 1, code: 'job_not_found', jobs: ['no-such-job'] });
    await jobs.fail(first!);
    await jobs.complete(second!);
    await expect.poll(stream.states, { timeout: 30_000 }).toContain(`${second!.id} completed`);
    expect(stream.states()).toContain(`${first!.id} failed`);
    await stream.close();
  });

  test('says once that a job is unknown, however often the feed compares', async () => {
    const [job] = await jobs.claimAll(ids(1));
    const stream = await open(`jobs=no-such-job,${job!.id}`);
    await stream.until('error');
    for (const progress of ['55', '56']) {
      // A change without its event makes the feed compare everything.
      await redis.client.hset(`job:${job!.id}`, 'progress', progress);
      await redis.client.hincrby(`job:${job!.id}`, 'version', 1);
      await redis.client.incr('jobs:offset');
      await expect
        .poll(() => JSON.stringify(stream.messages()), { timeout: 30_000 })
        .toContain(`"progress":${progress},`);
    }
    expect(stream.messages().filter(({ type }) => type === 'error')).toHaveLength(1);
    await jobs.fail(job!);
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
      .poll(() => stream.messages().flatMap((message) => (message.type === 'gone' ? message.jobs : [])))
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
    ['jobs=a&lastEvent=1', 'lastEvent'],
  ])('is refused in words for ?%s', async (query, words) => {
    const response = await fetch(`${node.url}/api/events?${query}`);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { detail: string }).detail).toContain(words);
  });
});

describe('a client that comes back with the id of its last event', () => {
  test('gets what has changed, and nothing else', async () => {
    const [changed, same] = await jobs.claimAll(ids(2));
    const query = `jobs=${changed!.id},${same!.id}`;
    const first = await open(query);
    await first.until('snapshot');
    // The offset of a snapshot may be that before the claim.
    await jobs.step(changed!, 20);
    await expect.poll(() => JSON.stringify(first.messages().at(-1))).toContain('"progress":20,');
    await first.close();
    await jobs.step(changed!, 40);
    const second = await open(query, first.lastId());
    await second.until('snapshot');
    expect(second.states()).toEqual([`${changed!.id} processing`]);
    expect(second.messages()[1]).toMatchObject({ type: 'snapshot', resumed: true });
    await jobs.complete(changed!);
    await second.until('update');
    await second.close();
    for (const [address, since] of [
      [query, second.lastId()],
      // Some libraries cannot send the header.
      [`${query}&lastEventId=${encodeURIComponent(second.lastId()!)}`, undefined],
    ] as const) {
      const third = await open(address, since);
      await third.until('snapshot');
      expect(third.states()).toEqual([]);
      await third.close();
    }
    await jobs.fail(same!);
  });

  test('learns which jobs have left, also if it is cut off between their end and their leave', async () => {
    const [ended, kept] = await jobs.claimAll(ids(2));
    const first = await open('channel=active');
    await first.until('snapshot');
    await first.close();
    await jobs.complete(ended!);
    const second = await open('channel=active', first.lastId());
    await second.until('gone');
    await second.close();
    expect(second.states()).toContain(`${ended!.id} completed`);
    const before = second.events.findIndex(({ message }) => message.type === 'gone');
    const third = await open('channel=active', second.lastId(before) ?? first.lastId());
    await third.until('gone');
    expect(third.messages().at(-1)).toMatchObject({ type: 'gone', jobs: [ended!.id] });
    await third.close();
    await jobs.fail(kept!);
  });

  test('lacks nothing, after whichever event of the first states it was cut off', async () => {
    const many = await jobs.claimAll(ids(150));
    const [named] = many;
    const query = `jobs=${named!.id}&channel=active`;
    const first = await open(query);
    await first.until('snapshot', 3);
    await first.close();
    for (let count = 1; count <= first.events.length; count++) {
      const seen = new Set(first.messages().slice(0, count).flatMap(statesOf));
      const next = await open(query, first.lastId(count));
      // Those of the named job, and the last page of the channel.
      const isComplete = () =>
        next.messages().some((message) => message.type === 'snapshot' && message.id === 2 && !message.more);
      await expect.poll(isComplete).toBe(true);
      for (const state of next.states()) seen.add(state);
      await next.close();
      expect(seen.size).toBe(150);
    }
    await Promise.all(many.map((job) => jobs.fail(job)));
  });

  test('gets everything in another epoch', async () => {
    const claimed = await jobs.claimAll(ids(2));
    const query = `jobs=${claimed.map(({ id }) => id).join(',')}`;
    const first = await open(query);
    await first.until('snapshot');
    await redis.kill();
    await first.until('stale');
    await redis.start();
    await first.until('live');
    await first.close();
    const [, snapshot] = first.events;
    const second = await open(query, snapshot!.id);
    await second.until('snapshot');
    expect(second.messages()[1]).toMatchObject({ type: 'snapshot', resumed: false });
    expect(second.states()).toHaveLength(2);
    await second.close();
  });
});
