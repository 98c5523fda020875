import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { dashboards } from './fanout/cases/dashboards.ts';
import { idle } from './fanout/cases/idle.ts';
import { oneJob } from './fanout/cases/one-job.ts';
import { polling } from './fanout/cases/polling.ts';
import { stalled } from './fanout/cases/stalled.ts';
import { ROUNDS } from './fanout/contest.ts';

const CASES = { oneJob, dashboards, idle, stalled, polling };

/**
 * What it takes to push job updates to those who watch, beside a loop over raw sockets and Socket.IO with its Redis
 * adapter. `npm run bench -- fanout CASE` runs one case alone.
 */
export async function bench(): Promise<void> {
  if (!existsSync(join(import.meta.dirname, 'node_modules/socket.io'))) {
    console.error('Socket.IO is not installed. Run first: npm ci --prefix test/bench');
    process.exit(1);
  }
  const [only] = process.argv.slice(3);
  if (only !== undefined && !Object.hasOwn(CASES, only)) {
    console.error(`Which case? npm run bench -- fanout ${Object.keys(CASES).join(' | ')}`);
    process.exit(1);
  }
  for (const [name, run] of Object.entries(CASES)) if (only === undefined || only === name) await run();
  console.log(`Medians of ${ROUNDS} rounds, the sides in turn. Ratios: Sluice to the other.
Every side has a Redis, a server, a publisher and clients of its own, each a process; states of some 600 bytes, stamped
when published. Clients are bare TCP connections of one process, which look for the stamps and parse nothing else.
Latency: 10 states a second. Deliveries/s: each state published once all watchers have the one but one before; CPU then.
Lag: since the first state that a view does not show was published; of every view, sampled five times a second. Redis'
limit on what waits for a subscriber is lifted, for it would cut those that fall behind.
Memory: after a garbage collection; of one that does not read: how much more the server grows than when it reads. The
others' latency is taken after that, at 1,000 states a second.
Nobody: what publishing alone costs. Sluice's publishers are its own queue, and Redis' commands count those in scripts.`);
}
