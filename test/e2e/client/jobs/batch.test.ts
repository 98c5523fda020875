import { describe, expect, test } from 'vitest';

import type { BatchView } from '../../../../src/contract/batches/batch.ts';
import { use, useEmbeddings, useSluice } from '../../../helpers/servers/use.ts';
import { usePage } from '../use-page.ts';
import { HeldQueue } from './held-queue.ts';

const user = usePage();
const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));

const open = async (name: string, query = '') => {
  await user.page.goto(`${sluice.url}/#/batch/${name}${query}`);
  await user.mode('live').waitFor();
};
const summary = () => user.page.locator('.batch-summary').textContent();
const counts = async (name: string) =>
  ((await (await fetch(`${sluice.url}/api/batches/${name}`)).json()) as BatchView).counts;
const button = (name: string) => user.page.getByRole('button', { name });
const toast = (words: string) => user.page.locator('.toast').filter({ hasText: words });
const rows = () => user.page.locator('.job-row');

test('a batch is counted until it is finished', async () => {
  embedder.delayMs = 1000;
  await sluice.upload('paper-2p.pdf', { batch: 'march' });
  await sluice.upload('password.pdf', { batch: 'march' });
  await open('march');
  await expect.poll(summary).toContain('of 2 completed');
  await expect.poll(summary).toBe('Finished: 1 of 2 completed, 1 failed');
  const group = user.page.locator('.failure-group[data-code="encrypted"]');
  expect(await group.textContent()).toContain('Remove the password');
  await expect
    .poll(() => rows().allTextContents())
    .toEqual([expect.stringContaining('Failed'), expect.stringContaining('Completed')]);
  expect(await user.page.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('100');
  expect(user.complaints).toEqual([]);
  embedder.delayMs = 0;
});

test('the view of an absent batch says that there is none', async () => {
  await open('no-such-batch');
  await user.page.getByText('There is no such batch').waitFor();
  // The page does not ask again and again.
  expect(user.complaints).toEqual([expect.stringContaining('404')]);
  const { job_id: id } = await sluice.upload(new File(['It begins.'], 'late.txt'), {
    batch: 'no-such-batch',
  });
  await button('Try again').click();
  await expect.poll(summary).toContain('of 1 completed');
  await sluice.ended(id);
  await expect.poll(summary).toBe('Finished: 1 of 1 completed');
});

describe('while the worker is held', () => {
  const held = use(() => HeldQueue.start(sluice));

  test('the rest is cancelled after a confirmation', async () => {
    for (const name of ['one.txt', 'two.txt']) await held.upload(name, { batch: 'stopped' });
    await open('stopped');
    await expect.poll(() => rows().count()).toBe(2);
    await button('Cancel the rest').click();
    await expect.poll(() => user.page.getByRole('dialog').textContent()).toContain('2 jobs now.');
    await button('Cancel 2 jobs').click();
    await toast('2 jobs cancelled.').waitFor();
    expect(await counts('stopped')).toMatchObject({ queued: 0, cancelled: 2 });
    await expect.poll(summary).toBe('Finished: 0 of 2 completed, 2 cancelled');
    // The list is read anew, because no channel brings it.
    await expect.poll(() => rows().filter({ hasText: 'Cancelled' }).count()).toBe(2);

    const group = user.page.locator('.failure-group[data-code="cancelled"]');
    await group.getByRole('button', { name: 'Retry all' }).click();
    await button('Retry 2 jobs').click();
    await toast('2 jobs retried.').waitFor();
    expect(await counts('stopped')).toMatchObject({ queued: 2, cancelled: 0 });
    await expect.poll(summary).toBe('0 of 2 completed');
    await fetch(`${sluice.url}/api/batches/stopped/cancel`, { method: 'POST' });
    expect(user.complaints).toEqual([]);
  });

  test('failures are retried: those with one code, or all that a retry may fix', async () => {
    const fields = { batch: 'failing' };
    await held.failed('slow.txt', 'deadline', fields);
    await held.failed('locked.txt', 'encrypted', fields);
    await held.failed('broken.txt', 'internal', fields);
    await open('failing');
    const group = (code: string) => user.page.locator(`.failure-group[data-code="${code}"]`);
    await group('internal').getByRole('link').click();
    await expect.poll(() => rows().allTextContents()).toEqual([expect.stringContaining('broken.txt')]);
    await group('deadline').getByRole('button', { name: 'Retry all' }).click();
    await button('Retry 1 job').click();
    await toast('1 job retried.').waitFor();
    expect(await counts('failing')).toMatchObject({ queued: 1, failed: 2 });
    await group('deadline').waitFor({ state: 'detached' });

    await button('Retry all that may succeed').click();
    await expect.poll(() => user.page.getByRole('dialog').textContent()).toContain('1 job now.');
    await button('Retry 1 job').click();
    await expect.poll(() => counts('failing')).toMatchObject({ queued: 2, failed: 1 });
    await group('internal').waitFor({ state: 'detached' });
    expect(await group('encrypted').getByRole('button').count()).toBe(0);
  });

  test('a large batch is shown in pages', async () => {
    for (let i = 0; i < 53; i++) await held.upload(`page-${i}.txt`, { batch: 'large' });
    await open('large');
    await expect.poll(() => rows().count()).toBe(50);
    await button('Older').click();
    await expect.poll(() => rows().count()).toBe(3);
    expect(await button('Older').isDisabled()).toBe(true);
    await button('Newer').click();
    await expect.poll(() => rows().count()).toBe(50);
    await open('large', '?status=completed');
    await user.page.getByText('No job here').waitFor();
  });
});
