import { beforeEach, describe, expect, test } from 'vitest';

import type { JobList } from '../../../../src/contract/jobs.ts';
import { use, useEmbeddings, useSluice } from '../../../helpers/servers/use.ts';
import { usePage } from '../use-page.ts';
import { HeldQueue } from './held-queue.ts';

const user = usePage();
const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));
const held = use(() => HeldQueue.start(sluice));
// The jobs of the test before would count, too.
beforeEach(() => fetch(`${sluice.url}/api/jobs/cancel`, { method: 'POST', body: '{"all":true}' }));

const open = async (query = '') => {
  await user.page.goto(`${sluice.url}/#/operations${query}`);
  await user.mode('live').waitFor();
};
const row = (name: string) => user.page.locator('.job-row').filter({ hasText: name });
const button = (name: string | RegExp) => user.page.getByRole('button', { name });
const toast = (words: string) => user.page.locator('.toast').filter({ hasText: words });
const dialog = () => user.page.getByRole('dialog');
const count = (tab: string) => user.page.locator(`.job-tabs a:has-text("${tab}") .count`).textContent();
const statuses = (ids: string[]) =>
  Promise.all(
    ids.map(async (id) => {
      const { status, error_code } = await sluice.job(id);
      return error_code === 'cancelled' ? 'cancelled' : status;
    }),
  );

test('the lists show the jobs by state, and follow them', async () => {
  await held.upload('first.txt', { collection: 'lists' });
  await open();
  await row('first.txt').waitFor();
  expect(await row('first.txt').textContent()).toContain('Waits for a worker');
  expect(await count('Active')).toBe('1');
  expect(await count('Waiting')).toBe('1');

  const [claimed] = await held.claimAll();
  await expect.poll(() => row('first.txt').textContent()).toContain('Reading');
  expect(await count('Waiting')).toBe('0');
  await held.queue.progress(claimed!, {
    progress: 70,
    message: 'Generating embeddings...',
    stage: 'embed',
    counts: { chunks_done: 5, chunks_total: 10 },
  });
  await expect.poll(() => row('first.txt').textContent()).toContain('Embedding, 5 of 10 chunks');
  expect(await row('first.txt').getByRole('progressbar').count()).toBe(1);

  await held.queue.retry(claimed!, 600_000, { error: 'The processor is busy.', errorCode: 'deadline' });
  await expect.poll(() => count('Retrying')).toBe('1');
  await user.page.locator('.job-tabs').getByRole('link', { name: 'Retrying' }).click();
  await expect.poll(() => row('first.txt').textContent()).toContain('Retries at');

  await row('first.txt').click();
  await user.page.locator('.job[data-status="retrying"]').waitFor();
  expect(user.complaints).toEqual([]);
});

test('a filter stands in the address, and a reload keeps it', async () => {
  await held.upload('kept.txt', { collection: 'filtered' });
  await held.upload('other.txt', { collection: 'another' });
  await open();
  await row('other.txt').waitFor();
  await user.page.getByLabel('Collection').fill('filtered');
  await user.page.getByLabel('Collection').press('Enter');
  await row('other.txt').waitFor({ state: 'detached' });
  await user.page.getByLabel('File name').fill('no-such.txt');
  // What is typed stays while the list changes.
  await held.upload('late.txt', { collection: 'filtered' });
  await row('late.txt').waitFor();
  await user.page.getByLabel('File name').press('Enter');
  await user.page.getByText('No job matches the filter').waitFor();
  expect(user.page.url()).toContain('#/operations?collection=filtered&filename=no-such.txt');
  await user.page.reload();
  await user.page.getByText('No job matches the filter').waitFor();
  expect(await user.page.getByLabel('Collection').inputValue()).toBe('filtered');
  await button('Clear the filter').click();
  await row('other.txt').waitFor();
  await row('kept.txt').waitFor();
});

describe('a change of many jobs', () => {
  test('cancels what the filter names, after a confirmation with the count', async () => {
    const ids = [];
    for (let i = 0; i < 3; i++) ids.push(await held.upload(`cancel-${i}.txt`, { collection: 'cancelled' }));
    const other = await held.upload('stays.txt', { collection: 'another' });
    await open('?status=waiting&collection=cancelled');
    await row('cancel-2.txt').waitFor();
    await button('Cancel all of these').click();
    await expect.poll(() => dialog().textContent()).toContain('3 jobs now.');
    expect(await dialog().textContent()).toContain('waiting jobs in “cancelled”');
    await button('Keep them').click();
    expect(await statuses(ids)).toEqual(['queued', 'queued', 'queued']);

    await button('Cancel all of these').click();
    await button('Cancel 3 jobs').click();
    await toast('3 jobs cancelled.').waitFor();
    expect(await statuses([...ids, other])).toEqual(['cancelled', 'cancelled', 'cancelled', 'queued']);
    await expect.poll(() => row('cancel-').count()).toBe(0);
    expect(user.complaints).toEqual([]);
  });

  test('retries the jobs that wait for their next attempt', async () => {
    const id = await held.upload('busy.txt', { collection: 'retried' });
    for (const claimed of await held.claimAll())
      await held.queue.retry(claimed, 600_000, { error: 'The processor is busy.', errorCode: 'deadline' });
    await open('?status=retrying');
    await row('busy.txt').waitFor();
    await button('Retry all now').click();
    await button('Retry 1 job').click();
    await toast('1 job retried.').waitFor();
    expect(await statuses([id])).toEqual(['queued']);
  });

  test('says which jobs it could not change', async () => {
    const { queue } = held;
    await queue.enqueue('without-original', 'default', {
      filename: 'gone.txt',
      collection: 'gone',
      file_key: 'default/without-original',
    } as never);
    for (const claimed of await held.claimAll())
      await queue.fail(claimed, { message: 'Parsing failed', error: 'x', errorCode: 'internal' });
    await open('?status=failed&collection=gone&code=internal');
    await row('gone.txt').waitFor();
    await button('Retry all that may succeed').click();
    await button('Retry 1 job').click();
    await toast('0 jobs retried. 1 failed:').waitFor();
    expect(await statuses(['without-original'])).toEqual(['failed']);
  });
});

test('failures are grouped by code, with the advice, and those with one code are retried', async () => {
  const fields = { collection: 'grouped' };
  const slow = [
    await held.failed('slow-1.txt', 'deadline', fields),
    await held.failed('slow-2.txt', 'deadline', fields),
  ];
  const locked = await held.failed('locked.txt', 'encrypted', fields);
  const unread = await held.failed('unread.txt', 'internal', fields);
  await open('?status=failed&collection=grouped');
  const group = (code: string) => user.page.locator(`.failure-group[data-code="${code}"]`);
  await expect.poll(() => group('deadline').textContent()).toContain('2 failures');
  expect(await group('deadline').textContent()).toContain('Split the file, or raise PROCESSOR_TIMEOUT_MS.');
  expect(await group('encrypted').textContent()).toContain('Remove the password');
  // Another run reads the same file.
  expect(await group('encrypted').getByRole('button').count()).toBe(0);

  await group('encrypted').getByRole('link').click();
  await row('slow-1.txt').waitFor({ state: 'detached' });
  await row('locked.txt').waitFor();

  await group('deadline').getByRole('button', { name: 'Retry all' }).click();
  await expect.poll(() => dialog().textContent()).toContain('with the code deadline');
  await button('Retry 2 jobs').click();
  await toast('2 jobs retried.').waitFor();
  expect(await statuses([...slow, locked, unread])).toEqual(['queued', 'queued', 'failed', 'failed']);
  await group('deadline').waitFor({ state: 'detached' });

  await open('?status=failed&collection=grouped');
  await button('Retry all that may succeed').click();
  await button('Retry 1 job').click();
  await toast('1 job retried.').waitFor();
  expect(await statuses([locked, unread])).toEqual(['failed', 'queued']);
  expect(user.complaints).toEqual([]);
});

test('what has ended is among the recent jobs', async () => {
  const id = await held.upload('done.txt', { collection: 'recent' });
  const [claimed] = await held.claimAll();
  await open('?status=recent&collection=recent');
  await held.queue.complete(claimed!, {
    documentId: id,
    tenant: 'default',
    collection: 'recent',
    chunkCount: 7,
    fields: { collection: 'recent' },
  });
  await expect.poll(() => row('done.txt').textContent()).toContain('7 chunks in “recent”');
  const response = await fetch(`${sluice.url}/api/jobs?collection=recent&status=completed`);
  expect(((await response.json()) as JobList).jobs).toHaveLength(1);
});

test('the charts say in words what they show', async () => {
  await held.upload('charted.txt', { collection: 'charts' });
  await open();
  const chart = (name: string) => user.page.getByRole('img', { name });
  await expect.poll(() => chart('Queue depth: Between 1 and 1').count()).toBe(1);
  const trend = (name: string) => user.page.locator('.trend').filter({ hasText: name }).textContent();
  expect(await trend('Queue depth')).toContain('1 wait, 0 run');

  const [claimed] = await held.claimAll();
  await held.queue.complete(claimed!, {
    documentId: 'charted',
    tenant: 'default',
    collection: 'charts',
    chunkCount: 7,
    fields: { collection: 'charts' },
  });
  await expect.poll(() => trend('Queue depth')).toContain('0 wait, 0 run');
  await expect.poll(() => trend('Throughput')).toMatch(/0\.[1-9]\/s/);
  await expect.poll(() => trend('Processing time')).toContain('p50');
  expect(await trend('Oldest waiting')).toContain('nothing waits');
  expect(await chart('Queue depth: Between 0 and 1').count()).toBe(1);
});
