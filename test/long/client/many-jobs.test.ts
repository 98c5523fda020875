import { Redis } from 'ioredis';
import { expect, test } from 'vitest';

import { TestJobs } from '../../helpers/stores/test-jobs.ts';
import { useSluice } from '../../helpers/servers/use.ts';
import { createTestPage } from '../../e2e/client/test-page.ts';
import { useBrowser } from '../../e2e/client/use-page.ts';
import { HeldQueue } from '../../e2e/client/jobs/held-queue.ts';

const JOBS = 5000;
/** Longest task of the page, in ms, as the browser measures it. A longer one delays a key or a click noticeably. */
const LONGEST_MS = 100;
/** Tries, because another program on the machine also lengthens a task. */
const TRIES = 4;

/** Runs in the page: records its long tasks, those of more than 50 ms. */
const RECORD = `
  window.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longTasks.push(Math.round(duration));
  }).observe({ type: 'longtask', buffered: true });
`;

const browser = useBrowser();
const sluice = useSluice({ env: { MAX_REQUESTS_PER_SECOND: '100000' } });

/** Opens the list, scrolls to its end, and lets jobs change meanwhile. @returns the longest task in ms; 0 if none is long */
async function longestTask(jobs: TestJobs): Promise<number> {
  const user = await createTestPage(browser);
  const { page } = user;
  await page.addInitScript({ content: RECORD });
  await page.goto(`${sluice.url}/#/operations`);
  const count = page.locator('.job-tabs a:has-text("Active") .count');
  await expect.poll(() => count.getAttribute('data-count')).toBe(`${JOBS}`);
  const waiting = page.locator('.job-tabs a:has-text("Waiting") .count');
  for (const part of [0.3, 0.6, 1]) {
    const { jobs: claimed } = await jobs.queue.claim(200);
    expect(claimed).toHaveLength(200);
    await expect.poll(() => waiting.getAttribute('data-count')).toBe(`${JOBS - 200}`);
    await page.evaluate(`window.scrollTo(0, document.body.scrollHeight * ${part})`);
    const list = page.locator('.job-list > li');
    await expect
      .poll(async () => Number(await list.last().getAttribute('aria-posinset')) / JOBS)
      .toBeGreaterThan(part * 0.9);
    for (const job of claimed) await jobs.queue.release(job);
  }
  expect(await page.locator('.job-row').count()).toBeLessThan(100);
  await expect.poll(() => waiting.getAttribute('data-count')).toBe(`${JOBS}`);
  const tasks = await page.evaluate<number[]>('window.longTasks');
  expect(user.complaints).toEqual([]);
  await user.close();
  return Math.max(0, ...tasks);
}

test(`${JOBS} active jobs are listed, scrolled and changed without a task of more than ${LONGEST_MS} ms`, async () => {
  await using _held = await HeldQueue.start(sluice);
  const client = new Redis(sluice.redisUrl);
  const jobs = new TestJobs({ client });
  await jobs.enqueue(Array.from({ length: JOBS }, (_, i) => `job-${i}`));
  const longest: number[] = [];
  while (longest.length < TRIES && !longest.some((ms) => ms <= LONGEST_MS))
    longest.push(await longestTask(jobs));
  console.log(`longest task with ${JOBS} jobs, in ms: ${longest.join(', ')}`);
  expect(Math.min(...longest)).toBeLessThanOrEqual(LONGEST_MS);

  // A bulk change of all is heard at once.
  const user = await createTestPage(browser);
  await user.page.goto(`${sluice.url}/#/operations`);
  await user.page.getByRole('button', { name: 'Cancel all of these' }).click();
  await user.page.getByRole('button', { name: 'Cancel 5,000 jobs' }).click();
  await user.page.locator('.toast').filter({ hasText: '5,000 jobs cancelled.' }).waitFor();
  await user.page.getByText('No job is active.').waitFor();
  await user.close();
  await client.quit();
});
