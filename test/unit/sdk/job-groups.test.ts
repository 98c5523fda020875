import { expect, test } from 'vitest';

import { chunks, needsMerge, regroup, type JobGroup } from '../../../client/sdk/link/job-groups.ts';
import { MAX_MESSAGE_BYTES } from '../../../src/contract/messages.ts';

const group = (ids: string[], epoch: string, offset: number): JobGroup => ({
  ids: new Set(ids),
  cursor: { epoch, offset },
  complete: true,
  refused: false,
});

test('jobs that were heard completely resume from the earliest cursor, the others begin anew', () => {
  const groups = [group(['a', 'b'], 'now', 7), group(['c'], 'now', 5), group(['d'], 'past', 9)];
  expect(regroup(['a', 'c', 'd', 'e'], groups, 'now')).toEqual([
    { ids: ['a', 'c'], since: { epoch: 'now', offset: 5 } },
    { ids: ['d', 'e'], since: undefined },
  ]);
});

test.each([
  ['UUIDs', Array.from({ length: 2500 }, () => crypto.randomUUID()), 3],
  ['long ids', Array.from({ length: 1000 }, (_, i) => `${i}`.padStart(128, 'x')), 3],
  ['ids that take escapes', Array.from({ length: 400 }, (_, i) => `${'"\u0001'.repeat(60)}${i}`), 5],
])('%s go in messages that a server reads', (_, ids, most) => {
  const messages = chunks(ids);
  expect(messages.flat()).toEqual(ids);
  expect(messages.length).toBeLessThanOrEqual(most);
  for (const jobs of messages) {
    expect(jobs.length).toBeLessThanOrEqual(1000);
    const message = {
      type: 'subscribe',
      id: 99_999,
      channel: 'jobs',
      jobs,
      since: { epoch: 'e'.repeat(128), offset: 1e15 },
    };
    expect(new TextEncoder().encode(JSON.stringify(message)).length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
  }
});

test('many subscriptions, and many ended ones, are merged', () => {
  const one = group(['a'], 'now', 1);
  expect(
    needsMerge(
      Array.from({ length: 100 }, () => one),
      100,
    ),
  ).toBe(false);
  expect(
    needsMerge(
      Array.from({ length: 101 }, () => one),
      101,
    ),
  ).toBe(true);
  const large = group(
    Array.from({ length: 1200 }, (_, i) => `${i}`),
    'now',
    1,
  );
  expect([needsMerge([large], 100), needsMerge([large], 99)]).toEqual([false, true]);
});
