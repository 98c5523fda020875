import { expect, test } from 'vitest';

import type { Subscription } from '../../../src/gateway/channels/subscription.ts';
import { Subscriptions } from '../../../src/gateway/session/subscriptions.ts';

test('when a session has ended, those of its subscriptions that have not joined yet are read for no more', async () => {
  const subscriptions = new Subscriptions();
  const read: number[] = [];
  for (let id = 1; id <= 3; id++) {
    const join = async () => {
      read.push(id);
      return [];
    };
    subscriptions.add(id, { join, end() {} } as unknown as Subscription);
  }
  await subscriptions.join(async (id) => {
    if (id === 2) subscriptions.clear();
  });
  expect(read).toEqual([1, 2]);
  expect(subscriptions.joining).toBe(false);
});
