import { expect, test } from 'vitest';

import { chooseSeed, runChaos } from './run.ts';

test('whatever is killed, stopped, cut off or forgotten, every accepted upload ends once and leaves only its document', async () => {
  const problems = await runChaos({
    seed: chooseSeed(),
    jobs: 150,
    durationMs: 26_000,
    rounds: 1,
    withRollback: true,
    withSlowSweeps: false,
    settleMs: 120_000,
  });
  expect(problems).toBeUndefined();
});
