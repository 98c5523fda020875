import { setTimeout as sleep } from 'node:timers/promises';

import { startHostileCrowd } from '../helpers/clients/hostile-crowd.ts';
import { startSluice } from '../helpers/servers/sluice.ts';
import { upload } from '../helpers/clients/uploads.ts';
import { median, percentile, printTable } from './statistics.ts';

/** Samples per call, in quiet as under attack. The p99 of 300 was the third worst, and differed by a factor of two. */
const SAMPLES = 600;
/** Lists at a shorter interval would exceed the limit of one client. */
const PAUSE_MS = 50;
/** Quiet rounds and rounds under attack alternate, so that other load on the machine affects both. */
const ROUNDS = 4;
/** Time in ms within which the crowd opens its connections. */
const GATHER_MS = 5000;
/** Jobs before the first sample, so that every list read is one full page. */
const LISTED_JOBS = 60;
/** Restores the default limits, which the other benches raise. */
const DEFAULTS = {
  MAX_REQUESTS_PER_SECOND: '',
  MAX_BYTES_PER_MINUTE: '',
  MAX_OPEN_UPLOADS: '',
  MAX_SOCKETS: '',
  MAX_LIVE_JOBS: '',
};

/** Measures the latency of other clients, in quiet and while one hostile client attacks in every way. */
export async function bench(): Promise<void> {
  const sluice = await startSluice({ env: { ...DEFAULTS, MAX_UPLOAD_BYTES: '10000000' } });
  try {
    const { job_id: id } = await sluice.upload('readme.md');
    await sluice.ended(id);
    for (let i = 0; i < LISTED_JOBS; i++) await sluice.ended((await sluice.upload('readme.md')).job_id);
    const calls: Record<string, () => Promise<Response>> = {
      'GET /api/jobs/{id}': () => fetch(`${sluice.url}/api/jobs/${id}`),
      'GET /api/jobs': () => fetch(`${sluice.url}/api/jobs`),
      'upload of 5 bytes': () => upload(sluice.url),
    };
    const took: Record<string, { quiet: number[]; attacked: number[] }> = {};
    for (let round = 0; round < ROUNDS; round++) {
      for (const when of ['quiet', 'attacked'] as const) {
        const crowd = when === 'attacked' ? startHostileCrowd(sluice.url) : undefined;
        await sleep(crowd ? GATHER_MS : 1000);
        for (const [name, call] of Object.entries(calls))
          (took[name] ??= { quiet: [], attacked: [] })[when].push(...(await sample(call)));
        const ends = await crowd?.stop();
        if (ends && round === 0) console.log(ends);
      }
    }
    const ms = (value: number) => `${value.toFixed(2)} ms`;
    const rows = Object.entries(took).map(([name, { quiet, attacked }]) => {
      const [before, under] = [percentile(quiet, 0.99), percentile(attacked, 0.99)];
      const medians = [ms(median(quiet)), ms(median(attacked))];
      return [name, ...medians, ms(before), ms(under), (under / before).toFixed(2)];
    });
    printTable([['', 'p50 quiet', 'attacked', 'p99 quiet', 'attacked', 'ratio of p99'], ...rows]);
  } finally {
    await sluice.close();
  }
}

async function sample(call: () => Promise<Response>): Promise<number[]> {
  const took: number[] = [];
  for (let i = 0; i < SAMPLES / ROUNDS; i++) {
    const before = performance.now();
    const response = await call();
    const body = await response.text();
    took.push(performance.now() - before);
    if (!response.ok) console.log(`An honest client was refused with HTTP ${response.status}: ${body}`);
    await sleep(PAUSE_MS);
  }
  return took;
}
