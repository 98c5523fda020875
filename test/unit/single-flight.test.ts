import { expect, test } from 'vitest';

import { SingleFlight } from '../../src/single-flight.ts';

test('calls during a round share the next one, which begins afterwards', async () => {
  const rounds: PromiseWithResolvers<string>[] = [];
  const flight = new SingleFlight(() => {
    const round = Promise.withResolvers<string>();
    rounds.push(round);
    return round.promise;
  });
  const first = flight.ask();
  await Promise.resolve();
  const late = [flight.ask(), flight.ask()];
  expect(rounds).toHaveLength(1);
  rounds[0]!.resolve('one');
  expect(await first).toBe('one');
  await expect.poll(() => rounds.length).toBe(2);
  rounds[1]!.resolve('two');
  expect(await Promise.all(late)).toEqual(['two', 'two']);
});

test('a failed round fails the calls that flight it, and no other', async () => {
  let fails = true;
  const flight = new SingleFlight(async () => {
    if (fails) throw new Error('away');
    return 'here';
  });
  await expect(flight.ask()).rejects.toThrow('away');
  fails = false;
  expect(await flight.ask()).toBe('here');
});
