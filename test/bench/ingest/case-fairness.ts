import { setTimeout as sleep } from 'node:timers/promises';

import { outcomeOf } from '../../../src/contract/job.ts';
import type { BulkResult } from '../../../src/contract/jobs.ts';
import { startSluice, type TestSluice } from '../../helpers/servers/sluice.ts';
import { median, printTable } from '../statistics.ts';
import { secondsToEnd } from './ended.ts';

const LARGE = 'report-600p.pdf';
const SMALL_FILES = 1000;
const UPLOADS_AT_ONCE = 16;
const ROUNDS = 5;
const LOOK_MS = 20;

/**
 * How long a page of text takes alone, behind documents of 600 pages that are being parsed or embedded, and behind many small
 * files.
 */
export async function fairness(): Promise<void> {
  const sluice = await startSluice();
  try {
    await secondsToEnd(sluice, memo());
    const alone = await inTurn(() => secondsToEnd(sluice, memo()));
    const rows = [['a memo of one page', 'p50', 'most', 'ratio of p50']];
    const add = (name: string, took: readonly number[]) => {
      const seconds = (value: number) => `${value.toFixed(2)} s`;
      const ratio = (median(took) / median(alone)).toFixed(1);
      rows.push([name, seconds(median(took)), seconds(Math.max(...took)), ratio]);
    };
    add('alone', alone);
    for (const count of [1, 4]) {
      const parsing = await inTurn(() => behind(sluice, count, () => secondsToEnd(sluice, memo())));
      add(`behind ${count} × ${LARGE}, uploaded just before`, parsing);
      const embedding = await behind(sluice, count, async (jobs) => {
        await Promise.all(jobs.map((id) => untilEmbedded(sluice, id)));
        return inTurn(() => secondsToEnd(sluice, memo()));
      });
      add(`behind ${count} × ${LARGE}, being embedded`, embedding);
    }
    add(`behind ${SMALL_FILES} small files`, await behindSmallFiles(sluice));
    printTable(rows);
  } finally {
    await sluice.close();
  }
}

async function inTurn(measure: () => Promise<number>): Promise<number[]> {
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round++) took.push(await measure());
  return took;
}

/** Measures while large documents are under way, and cancels them then. */
async function behind<T>(
  sluice: TestSluice,
  count: number,
  measure: (jobs: readonly string[]) => Promise<T>,
): Promise<T> {
  const uploads = await Promise.all(
    Array.from({ length: count }, () => sluice.upload(LARGE, { collection: 'large', on_duplicate: 'keep' })),
  );
  const jobs = uploads.map(({ job_id }) => job_id);
  const measured = await measure(jobs);
  await Promise.all(jobs.map((id) => fetch(`${sluice.url}/api/jobs/${id}/cancel`, { method: 'POST' })));
  for (const id of jobs) {
    const outcome = outcomeOf(await sluice.ended(id));
    if (outcome !== 'cancelled') throw new Error(`a large document ended too early: ${outcome}`);
  }
  return measured;
}

/** Measures while small files of another collection wait, and cancels the rest. */
async function behindSmallFiles(sluice: TestSluice): Promise<number[]> {
  const collection = 'small';
  let left = SMALL_FILES;
  const lane = async () => {
    while (left-- > 0) {
      const file = new File([`Note ${left} of a long day.`], `note-${left}.txt`, { type: 'text/plain' });
      await sluice.upload(file, { collection });
    }
  };
  await Promise.all(Array.from({ length: UPLOADS_AT_ONCE }, lane));
  const took = await inTurn(() => secondsToEnd(sluice, memo()));
  const cancel = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ collection }),
  };
  const response = await fetch(`${sluice.url}/api/jobs/cancel`, cancel);
  const { changed } = (await response.json()) as BulkResult;
  if (changed === 0) throw new Error('the small files ended too early');
  console.error(`${changed} of ${SMALL_FILES} small files still waited`);
  return took;
}

async function untilEmbedded(sluice: TestSluice, id: string): Promise<void> {
  while (((await sluice.job(id)).counts?.chunks_done ?? 0) === 0) await sleep(LOOK_MS);
}

let memos = 0;

/** About a page of sentences, each time another text. */
function memo(): File {
  memos++;
  const sentences = Array.from(
    { length: 30 },
    (_, i) => `Point ${i + 1} of memo ${memos} is that a short note should not have to wait for a long book.`,
  );
  return new File([sentences.join(' ')], `memo-${memos}.txt`, { type: 'text/plain' });
}
