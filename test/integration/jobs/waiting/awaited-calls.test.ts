import { expect, test } from 'vitest';

import type { Timeline } from '../../../../src/contract/job.ts';
import { DependencyError } from '../../../../src/errors.ts';
import { readTimeline } from '../../../../src/jobs/model/timeline.ts';
import { Availability } from '../../../../src/worker/claim/availability.ts';
import { ProgressReporter } from '../../../../src/worker/run/progress-reporter.ts';
import { RetryingCaller } from '../../../../src/worker/run/retrying-caller.ts';
import { quietLogger } from '../../../helpers/servers/roles.ts';
import { claimOne, job, keys, payload, queue, redis, useQueue } from '../../../helpers/stores/queue.ts';

useQueue();

const { signal } = new AbortController();

/** Claims a job. @returns its reporter, and a caller that tells its waits */
async function start() {
  await queue.enqueue('a', 'default', payload);
  const progress = new ProgressReporter(queue, await claimOne(), (reason) => {
    throw reason;
  });
  return { progress, caller: new RetryingCaller(new Availability(), progress, quietLogger()) };
}

/** Makes a call that fails with each code first. */
function failing(...codes: ('embedder_unreachable' | 'keywords_unavailable' | 'vector_store_unavailable')[]) {
  return async () => {
    const code = codes.shift();
    if (code) throw new DependencyError('unreachable', code, 'away');
  };
}

async function messages(): Promise<string[]> {
  const text = (await redis.client.hget(keys.job('a'), 'timeline')) ?? '';
  return readTimeline(text).events.map(({ message }: Timeline['events'][number]) => message);
}

test('a wait ends with the call, and another service takes its place', async () => {
  const { progress, caller } = await start();
  const call = failing('embedder_unreachable', 'embedder_unreachable', 'keywords_unavailable');
  await caller.retryWhileUnavailable(signal, call);
  await progress.settled();
  expect((await job('a')).waiting_for).toBeUndefined();
  expect((await messages()).slice(1)).toEqual([
    'Parsing document...',
    'Waits for the embedder',
    'Waits for the keyword index',
    'Parsing document...',
  ]);
});

test('of calls that wait at once the job names the latest, and keeps the other until its end', async () => {
  const { progress } = await start();
  const [first, second] = [progress.wait('processor'), progress.wait('vector_store')];
  await progress.settled();
  expect((await job('a')).waiting_for).toEqual({ what: 'vector_store' });
  second();
  await progress.settled();
  expect((await job('a')).waiting_for).toEqual({ what: 'processor' });
  const { version } = await job('a');
  const third = progress.wait('processor');
  first();
  await progress.settled();
  // The job waits for the same as before, so nothing has changed.
  expect(await job('a')).toMatchObject({ version, waiting_for: { what: 'processor' } });
  third();
  await progress.settled();
  expect((await job('a')).waiting_for).toBeUndefined();
});

test('a holder whose job waits again and again keeps the timeline short', async () => {
  const { progress } = await start();
  for (let i = 0; i < 300; i++) {
    progress.wait('keyword_index')();
    if (i % 20 === 0) await progress.settled();
  }
  progress.mark('chunk', 30, 'Chunking text...');
  await progress.settled();
  expect((await redis.client.hget(keys.job('a'), 'timeline'))!.length).toBeLessThanOrEqual(8192);
  expect((await messages()).length).toBeLessThanOrEqual(100);
  expect((await messages()).at(-1)).toBe('Chunking text...');
});
