import { expect, test } from 'vitest';

import { chooseSeed, runChaos } from '../../chaos/run.ts';

const MINUTES = Number(process.env['CHAOS_MINUTES'] || 4);
const JOBS_A_MINUTE = 350;
const ROUNDS_A_MINUTE = 2;

test.each([
  { name: 'every fault', withRollback: false },
  { name: 'faults and rollbacks of Redis', withRollback: true },
])('minutes of $name leave every accepted upload ended once', async ({ withRollback }) => {
  const problems = await runChaos({
    seed: chooseSeed(),
    jobs: Math.round(JOBS_A_MINUTE * MINUTES),
    durationMs: MINUTES * 60_000,
    rounds: Math.max(1, Math.round(ROUNDS_A_MINUTE * MINUTES)),
    withRollback,
    withSlowSweeps: true,
    settleMs: 180_000,
  });
  expect(problems).toBeUndefined();
});
