import { expect, test } from 'vitest';

import { Subscriptions } from '../../../client/sdk/link/subscriptions.ts';
import { BatchFollower } from '../../../client/sdk/watch/counters.ts';
import { Hub } from '../../../client/sdk/watch/hub.ts';
import { FEATURES } from '../../../src/contract/messages.ts';

/** Watches a batch over a connection, and gets an error for it. @returns whether the connection still brings it */
function isCoveredAfter(code: string): boolean {
  const hub = new Hub(() => {});
  const batch = new BatchFollower(hub, 'march');
  const subscriptions = new Subscriptions(hub);
  subscriptions.attach(() => {}, FEATURES);
  subscriptions.receive({ type: 'error', id: 1, code, detail: '' }, 'epoch');
  return subscriptions.coversChannel(batch);
}

test('a batch without a job is waited for, and a subscription that the server cannot take is polled', () => {
  expect(isCoveredAfter('batch_not_found')).toBe(true);
  expect(isCoveredAfter('too_many_subscriptions')).toBe(false);
});
