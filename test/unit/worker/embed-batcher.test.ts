import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

import { DependencyError } from '../../../src/errors.ts';
import { EmbedBatcher } from '../../../src/worker/run/embed-batcher.ts';

type Embed = (texts: string[], signal: AbortSignal) => Promise<void> | void;

/** A batcher on a processor whose vectors are the lengths of the texts. */
function batcher(shared: Embed = () => {}, own: Embed = () => {}) {
  const calls: { isShared: boolean; texts: string[] }[] = [];
  const client = (embed: Embed, isShared: boolean) => ({
    health: () => Promise.reject(new Error('not asked')),
    embed: async ({ texts }: { texts: string[] }, signal: AbortSignal) => {
      calls.push({ isShared, texts });
      await embed(texts, signal);
      return { embeddings: texts.map(({ length }) => [length]), model: 'm', dimensions: 1 };
    },
  });
  const embeds = new EmbedBatcher(client(shared, true));
  const job = (texts: string[], signal = new AbortController().signal) => {
    const embedded = embeds.sharedBy(client(own, false)).embed({ texts }, signal);
    embedded.catch(() => {});
    return embedded;
  };
  return { calls, job };
}

const never: Embed = (_, signal) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

test('texts that come together share a call, and each job gets its own vectors', async () => {
  const { calls, job } = batcher();
  const embedded = await Promise.all([job(['a']), job(['bb', 'ccc']), job(['dddd'])]);
  expect(embedded.map(({ embeddings }) => embeddings)).toEqual([[[1]], [[2], [3]], [[4]]]);
  expect(embedded[2]).toMatchObject({ model: 'm', dimensions: 1 });
  expect(calls).toEqual([{ isShared: true, texts: ['a', 'bb', 'ccc', 'dddd'] }]);
});

test('a job alone is embedded at once, by its own client, and the next ones wait for each other', async () => {
  const { calls, job } = batcher();
  await job(['a']);
  const second = job(['b']);
  await sleep(5);
  await Promise.all([second, job(['c'])]);
  expect(calls).toEqual([
    { isShared: false, texts: ['a'] },
    { isShared: true, texts: ['b', 'c'] },
  ]);
});

test('a call takes no more texts than an embedding server gets in one', async () => {
  const { calls, job } = batcher();
  const texts = Array.from({ length: 16 }, (_, index) => `${index}`);
  await Promise.all([job(texts), job(texts), job(texts)]);
  expect(calls.map((call) => call.texts.length)).toEqual([32, 16]);
});

test.each(['permanent', 'transient', 'interrupted', 'crashed'] as const)(
  'after a call that fails as %s, each job makes its own, so that one text fails its own job alone',
  async (kind) => {
    const failed = new DependencyError(kind, 'internal', 'failed');
    const fails: Embed = (texts) => {
      if (texts.includes('bad')) throw failed;
    };
    const { calls, job } = batcher(fails, fails);
    const jobs = [job(['good']), job(['bad']), job(['also good'])];
    await expect(jobs[1]).rejects.toBe(failed);
    await Promise.all([jobs[0], jobs[2]]);
    expect(calls.map(({ isShared }) => isShared)).toEqual([true, false, false, false]);
  },
);

test('while the processor is unreachable, no job makes a call of its own', async () => {
  const away = new DependencyError('unreachable', 'processor_unavailable', 'away');
  const { calls, job } = batcher(() => Promise.reject(away));
  const outcomes = await Promise.allSettled([job(['a']), job(['b'])]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(calls).toHaveLength(1);
});

test('an aborted job leaves at once, and cuts the call only if no other job needs it', async () => {
  let cut = false;
  const { calls, job } = batcher((texts, signal) => {
    signal.addEventListener('abort', () => (cut = true));
    return never(texts, signal);
  });
  const [early, one, two] = [new AbortController(), new AbortController(), new AbortController()];
  const jobs = [job(['x'], early.signal), job(['a'], one.signal), job(['b'], two.signal)];
  early.abort(new Error('before the call'));
  await expect(jobs[0]).rejects.toThrow('before the call');
  await expect.poll(() => calls).toEqual([{ isShared: true, texts: ['a', 'b'] }]);
  one.abort(new Error('cancelled'));
  await expect(jobs[1]).rejects.toThrow('cancelled');
  expect(cut).toBe(false);
  two.abort(new Error('lost'));
  await expect(jobs[2]).rejects.toThrow('lost');
  expect(cut).toBe(true);
});
