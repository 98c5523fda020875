import { expect, test } from 'vitest';

import { spansOf, ticksOf } from '../../../client/job/spans.ts';
import type { Timeline } from '../../../src/contract/job.ts';

type Event = Timeline['events'][number];
const at = (at_ms: number, event: Partial<Event>): Event => ({
  at_ms,
  status: 'processing',
  run: 1,
  message: 'x',
  ...event,
});

test('each entry lasts until the next, and an end takes no time', () => {
  const events = [
    at(0, { status: 'queued' }),
    at(10, { stage: 'parse', attempt: 1 }),
    at(40, { stage: 'parse', attempt: 1, message: 'Waits for the processor' }),
    at(90, { status: 'retrying', attempt: 1, error_code: 'deadline', message: 'Retrying (1/3): slow' }),
    at(100, { status: 'failed', attempt: 1, error_code: 'cancelled', message: 'Cancelled' }),
    at(500, { status: 'queued', run: 2 }),
  ];
  const spans = spansOf({ events }, 700);
  expect(spans.map(({ kind, title, words, from, to }) => [kind, title, words, to - from])).toEqual([
    ['wait', 'Waits for a worker', '', 10],
    ['stage', 'Reading', '', 30],
    ['wait', 'Waits for the processor', 'while reading', 50],
    ['wait', 'Waits for the next attempt', 'Retrying (1/3): slow', 10],
    ['end', 'Cancelled', '', 0],
    ['wait', 'Waits for a worker', '', 200],
  ]);
  expect(spans.map(({ isOpen }) => isOpen)).toEqual([false, false, false, false, false, true]);
});

test('an open span never ends before it began, whatever the browser takes for the time', () => {
  expect(spansOf({ events: [at(1000, { stage: 'embed' })] }, 5)[0]).toMatchObject({ from: 1000, to: 1000 });
});

test.each([
  [0.4, [0]],
  [871, [0, 500]],
  [3550, [0, 1000, 2000]],
  [59_000, [0, 15_000, 30_000, 45_000]],
  [7_000_000, [0, 1_800_000, 3_600_000, 5_400_000]],
])('the axis of %s ms has round marks', (length, ticks) => {
  expect(ticksOf(length, 4)).toEqual(ticks);
});
