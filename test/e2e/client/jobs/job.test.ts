import { beforeEach, describe, expect, test } from 'vitest';

import type { Timeline } from '../../../../src/contract/job.ts';
import { useEmbeddings, useSluice } from '../../../helpers/servers/use.ts';
import { recordStates } from '../shown-states.ts';
import { usePage } from '../use-page.ts';

const PAPER = 'paper-2p.pdf';

const user = usePage();
const embedder = useEmbeddings();
const sluice = useSluice(() => ({ env: { EMBEDDINGS_URL: embedder.url } }));
beforeEach(() => void (embedder.delayMs = 0));

const open = async (id: string) => {
  await user.page.goto(`${sluice.url}/#/job/${id}`);
  await user.mode('live').waitFor();
};
const view = (status: string) => user.page.locator(`.job[data-status="${status}"]`);
const button = (name: string) => user.page.getByRole('button', { name, exact: true });
const upload = async (name: string, fields: Record<string, string> = {}) =>
  (await sluice.upload(new File([`${name} says something of its own.`], name), fields)).job_id;
const timeline = async (id: string) =>
  ((await (await fetch(`${sluice.url}/api/jobs/${id}/timeline`)).json()) as Timeline).events;
/** Reads the column “What” of the table. */
const told = async () => {
  const cells = await user.page.locator('.waterfall-table tbody td:nth-child(4)').allTextContents();
  return cells.map((text) => text.trim());
};

test('a job is seen to its end: state, stages, timeline, document', async () => {
  embedder.delayMs = 1500;
  const shown = await recordStates(user.page);
  const { job_id: id } = await sluice.upload(PAPER, { collection: 'papers', batch: 'march' });
  await open(id);
  await view('completed').waitFor();
  const { percents } = await shown();
  expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  expect(percents.at(-1)).toBe(100);
  expect(percents.length).toBeGreaterThan(1);
  const { result } = await sluice.job(id);
  const facts = await user.page.locator('.job-facts').textContent();
  for (const fact of [id, result?.document_id, 'papers', 'march', `${result?.chunk_count}`])
    expect(facts).toContain(fact);

  const events = await timeline(id);
  expect(events.at(-1)?.status).toBe('completed');
  await expect
    .poll(told)
    .toEqual(['Waits for a worker', 'Reading', 'Cutting', 'Embedding', 'Storing', 'Completed']);
  expect(await user.page.locator('.waterfall-bar').count()).toBe(events.length);
  expect(await user.page.getByRole('link', { name: 'march' }).getAttribute('href')).toBe('#/batch/march');
  const document = user.page.getByRole('link', { name: 'Open the document' });
  expect(await document.getAttribute('href')).toBe(`#/document/${result?.document_id}`);
  expect(user.complaints).toEqual([]);
});

test('the table of the timeline fits a small screen', async () => {
  const id = await upload('narrow.txt');
  await sluice.ended(id);
  await user.page.setViewportSize({ width: 320, height: 640 });
  await open(id);
  await user.page.getByText('The timeline as a table').click();
  await user.page.getByRole('region', { name: 'Table of the timeline' }).waitFor();
  expect(await user.page.evaluate('document.documentElement.scrollWidth')).toBe(320);
});

test('an id is copied', async () => {
  const id = await upload('copied.txt');
  await user.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await open(id);
  await button('Copy the id of the job').click();
  await user.page.locator('.toast').filter({ hasText: 'The id of the job is copied.' }).waitFor();
  expect(await user.page.evaluate('navigator.clipboard.readText()')).toBe(id);
});

describe('a failed job', () => {
  test('says why, and what to do; no button promises what cannot help', async () => {
    const { job_id: id } = await sluice.upload('password.pdf');
    await open(id);
    await view('failed').waitFor();
    expect(await user.page.locator('.message').textContent()).toContain(
      'The file is protected by a password.',
    );
    expect(await user.page.locator('.advice').textContent()).toBe(
      'Remove the password, and upload the file again.',
    );
    expect(await user.page.locator('.actions').getByRole('button').count()).toBe(0);
    await expect.poll(told).toEqual(['Waits for a worker', 'Reading', 'Failed Parsing failed']);
  });

  test('is cancelled and retried', async () => {
    embedder.delayMs = 60_000;
    const id = await upload('undone.txt');
    await open(id);
    await view('processing').getByText('Embedding').first().waitFor();
    await button('Cancel').click();
    await view('cancelled').waitFor();
    expect(await sluice.job(id)).toMatchObject({ status: 'failed', error_code: 'cancelled' });
    embedder.delayMs = 0;
    await button('Retry').click();
    await view('completed').waitFor();
    expect(await sluice.job(id)).toMatchObject({ status: 'completed', run: 2 });
    await expect.poll(async () => (await told()).at(-1)).toBe('Completed');
    expect(await told()).toContain('Cancelled');
    expect(user.complaints).toEqual([]);
  });
});

test('a job that waits for its next attempt says until when, and is retried now', async () => {
  embedder.failNext(500, { 'retry-after': '600' });
  const id = await upload('patient.txt');
  await open(id);
  await view('retrying').waitFor();
  expect(await user.page.locator('.doing').textContent()).toContain('Retries at');
  await expect.poll(told).toContainEqual(expect.stringContaining('Waits for the next attempt'));
  await button('Retry now').click();
  await view('completed').waitFor();
  expect(await sluice.job(id)).toMatchObject({ status: 'completed', run: 1, attempt: 2 });
  await expect.poll(async () => (await told()).at(-1)).toBe('Completed');
  expect(await user.page.locator('.waterfall-title').allTextContents()).toEqual([
    'Run 1, attempt 1',
    'Run 1, attempt 2',
  ]);
});

test('the view of an unknown job says that it is unknown', async () => {
  await open('no-such-job');
  await view('unknown').waitFor();
  expect(await user.page.locator('.message').textContent()).toContain('knows no job with this id');
  expect(await user.page.locator('.actions').count()).toBe(0);
});
