import { expect, test } from 'vitest';

import { SharedRound } from '../../src/jobs/shared-round.ts';

test('who asks while a round is under way shares the next one, which begins afterwards', async () => {
  const rounds: PromiseWithResolvers<string>[] = [];
  const shared = new SharedRound(() => {
    const round = Promise.withResolvers<string>();
    rounds.push(round);
    return round.promise;
  });
  const first = shared.ask();
  await Promise.resolve();
  const late = [shared.ask(), shared.ask()];
  expect(rounds).toHaveLength(1);
  rounds[0]!.resolve('one');
  expect(await first).toBe('one');
  await expect.poll(() => rounds.length).toBe(2);
  rounds[1]!.resolve('two');
  expect(await Promise.all(late)).toEqual(['two', 'two']);
});

test('a round that fails fails those who shared it, and no other', async () => {
  let fails = true;
  const shared = new SharedRound(async () => {
    if (fails) throw new Error('away');
    return 'here';
  });
  await expect(shared.ask()).rejects.toThrow('away');
  fails = false;
  expect(await shared.ask()).toBe('here');
});
