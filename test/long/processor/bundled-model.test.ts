import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

import type { Job } from '../../../src/contract/job.ts';
import { residentMiB } from '../../helpers/measures/memory.ts';
import { TestClient } from '../../helpers/clients/ws.ts';
import { useSluice } from '../../helpers/servers/use.ts';

/** Two seconds are the rule on two idle cores: other work may take most of them. */
const MOST_SILENCE_MS = 20_000;
const MOST_MIB = 250;

const sluice = useSluice();

test.each(['report-600p.pdf', 'book.txt'])(
  '%s keeps moving with the bundled model, each move backed by a count, in flat memory',
  async (name) => {
    const { job_id } = await sluice.upload(name, { collection: 'long' });
    const watcher = new TestClient(`${sluice.url}/ws?job=${job_id}`);
    const heard: { at: number; job: Job }[] = [];
    watcher.socket.on('message', () => {
      const job = watcher.states(job_id).at(-1);
      if (job && job !== heard.at(-1)?.job) heard.push({ at: performance.now(), job });
    });
    const pids = await Promise.all(['api', 'worker'].map((role) => sluice.rolePid(role)));
    const over: string[] = [];
    let ended = false;
    const sampling = (async () => {
      while (!ended) {
        for (const [i, pid] of pids.entries()) {
          const { now } = await residentMiB(pid);
          if (now > MOST_MIB) over.push(`${i === 0 ? 'api' : 'worker'}: ${now.toFixed(0)} MiB`);
        }
        await sleep(500);
      }
    })();
    await watcher.closed;
    ended = true;
    await sampling;

    expect(heard.at(-1)?.job).toMatchObject({ status: 'completed' });
    expect(over).toEqual([]);
    const moves = heard.filter(({ job }, i) => i === 0 || job.fraction > heard[i - 1]!.job.fraction);
    const silences = moves.slice(1).map(({ at }, i) => at - moves[i]!.at);
    expect(Math.max(...silences)).toBeLessThan(MOST_SILENCE_MS);
    for (const [i, { job }] of moves.entries()) {
      const before = moves[i - 1]?.job;
      if (!before || before.stage !== job.stage || job.status !== 'processing') continue;
      const sum = (counts: Job['counts']) => (counts?.pages_done ?? 0) + (counts?.chunks_done ?? 0);
      expect(sum(job.counts)).toBeGreaterThan(sum(before.counts));
    }
  },
);
