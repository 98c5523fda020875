import { setTimeout as sleep } from 'node:timers/promises';

import { startSluice } from '../helpers/servers/sluice.ts';
import { median, percentile, printTable } from './statistics.ts';

const SAMPLES = 500;
const PAUSE_MS = 20;
const LARGE = ['report-600p.pdf', 'book.txt', 'report-600p.pdf'];

/** How long `GET /api/jobs/{id}` takes while nothing happens, and while three large documents are embedded. */
export async function bench(): Promise<void> {
  const sluice = await startSluice();
  try {
    const first = await sluice.upload('readme.md');
    await sluice.ended(first.job_id);
    const idle = await sample(sluice.url, first.job_id);
    const jobs = await Promise.all(LARGE.map((name) => sluice.upload(name)));
    await sleep(1000);
    const busy = await sample(sluice.url, jobs[0]?.job_id ?? '');
    const states = await Promise.all(jobs.map(({ job_id }) => sluice.job(job_id)));
    if (states.some(({ status }) => status !== 'processing')) throw new Error('a document ended too early');
    const ms = (value: number) => `${value.toFixed(2)} ms`;
    printTable([
      ['GET /api/jobs/{id}', 'p50', 'p99', 'most'],
      ['idle', ms(median(idle)), ms(percentile(idle, 0.99)), ms(Math.max(...idle))],
      ['three large documents', ms(median(busy)), ms(percentile(busy, 0.99)), ms(Math.max(...busy))],
    ]);
  } finally {
    await sluice.close();
  }
}

async function sample(url: string, id: string): Promise<number[]> {
  const took: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    const before = performance.now();
    await (await fetch(`${url}/api/jobs/${id}`)).text();
    took.push(performance.now() - before);
    await sleep(PAUSE_MS);
  }
  return took;
}
