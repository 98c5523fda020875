import { expect, test } from 'vitest';

import { Admission } from '../../../src/gateway/admission.ts';
import { drainAll, returnAfterMs } from '../../../src/gateway/drain.ts';

test('clients return within what a lone gateway needs to be back and to admit them', () => {
  const range = (clients: number) => [0, 1].map((random) => returnAfterMs(clients, random));
  expect(range(1)).toEqual([500, 1000]);
  expect(range(2000)).toEqual([500, 1000]);
  // A burst of 2,000 is admitted at once, and then 1,000 a second.
  expect(range(10_000)).toEqual([500, 8500]);
  const admission = new Admission({ socket: () => () => {} });
  let burst = 0;
  while (burst < 10_000 && admission.pass()) burst++;
  expect(burst).toBeGreaterThanOrEqual(2000);
});

test('a drain asks every session once', async () => {
  const asked = Array.from({ length: 1201 }, () => [] as number[]);
  await drainAll(asked.map((times) => ({ drain: async (afterMs) => void times.push(afterMs) })));
  expect(asked.every((times) => times.length === 1)).toBe(true);
  expect(new Set(asked.flat()).size).toBeGreaterThan(100);
});
